#pragma once

#include <string>
#include <vector>

#include "examples/experiments/experiment.h"
#include "examples/experiments/matrix.h"
#include "examples/translate/report/chart.h"
#include "examples/translate/report/length_report.h"

namespace gradus::translate {

/// Which combinations the attention matrix has.
struct AttentionChoice {
  std::vector<ScoreKind> scores;
  std::vector<ScopeKind> scopes;
  std::vector<AttendWhen> attend;
};

/// Every score in every scope, without and with input feeding (Luong et al. 2015, tables 4 and 6, which have seven of
/// these, all with feeding, and attention after the recurrence). Cells have BLEU, without and with the replacement of
/// unknown words, and perplexity; on the toy language, which has none and whose true alignments are known, BLEU,
/// perplexity and the alignment error rate.
Matrix attention_matrix(Experiment& experiment, const AttentionChoice& choice);

/// From a plain encoder and decoder to all that Luong et al. 2015 have, step by step (their table 1). Departure: all
/// models train alike, where theirs without dropout have 10 epochs, halving after 5, and those with it 12, halving
/// after 8.
Matrix ladder(Experiment& experiment);

/// BLEU by the length of the source, without attention, which has the source as one vector, the last state of an
/// encoder that reads forwards, and with it; each trained on all sentences and on those of at most `max_words` words
/// (Bahdanau et al. 2014, figure 2). Throws Error unless these are fewer.
LengthReport lengths(Experiment& experiment, int max_words, std::size_t bin_width);

/// A table, and BLEU over Average Lagging.
struct LagReport {
  std::string markdown;
  Chart chart;
};

/// BLEU against how far translations are behind their sources, of wait-k for k = 1 … 9 (Ma et al. 2019), of monotonic
/// attention and MoChA, and of the same model that waits for the whole sentence. All encoders read forward only, and
/// the search is greedy, as that of a live translation is.
LagReport lags(Experiment& experiment);

}
