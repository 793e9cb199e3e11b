#include "autograd/inspect/formulas.h"

#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace gradus::inline GRADUS_PRECISION {

namespace {

// The gates of x and W stand behind each other, as r z n; a sequence takes such steps one after the other.
constexpr const char* kGru =
    "r = σ(x_r + h W_rᵀ + b_r); z = σ(x_z + h W_zᵀ + b_z); n = tanh(x_n + r ∘ (h W_nᵀ + b_n)); "
    "h' = (1 - z) ∘ n + z ∘ h";
constexpr const char* kGruBackward =
    "dn = dh' ∘ (1 - z) ∘ (1 - n²); dz = dh' ∘ (h - n) ∘ z ∘ (1 - z); dr = dn ∘ (h W_nᵀ + b_n) ∘ r ∘ (1 - r); "
    "dx += [dr, dz, dn]; dp = [dr, dz, dn ∘ r]; dh += dh' ∘ z + dp W; dW += dpᵀ h; db += Σ rows of dp";

constexpr OpFormula kFormulas[] = {
    // Number by number. Where a or b was stretched to the other's shape, its gradient is the sum over what it became.
    {"add", "a b", "y", "y = a + b", "da += dy; db += dy", true},
    {"sub", "a b", "y", "y = a - b", "da += dy; db -= dy", true},
    {"mul", "a b", "y", "y = a ∘ b", "da += dy ∘ b; db += dy ∘ a", true},
    {"div", "a b", "y", "y = a / b", "da += dy / b; db -= dy ∘ a / b²", true},
    {"affine", "x", "y", "y = scale · x + shift", "dx += scale · dy", true},
    {"reciprocal", "x", "y", "y = c / x", "dx -= dy ∘ y / x", true},
    {"exp", "x", "y", "y = exp(x)", "dx += dy ∘ y", true},
    {"expm1", "x", "y", "y = exp(x) - 1", "dx += dy ∘ exp(x)", true},
    {"log", "x", "y", "y = log(x)", "dx += dy / x", true},
    {"log1p", "x", "y", "y = log(1 + x)", "dx += dy / (1 + x)", true},
    {"sin", "x", "y", "y = sin(x)", "dx += dy ∘ cos(x)", true},
    {"cos", "x", "y", "y = cos(x)", "dx -= dy ∘ sin(x)", true},
    {"erf", "x", "y", "y = erf(x)", "dx += dy ∘ 2/√π exp(-x²)", true},
    {"tanh", "x", "y", "y = tanh(x)", "dx += dy ∘ (1 - y²)", true},
    {"sigmoid", "x", "y", "y = 1 / (1 + exp(-x))", "dx += dy ∘ y ∘ (1 - y)", true},
    {"relu", "x", "y", "y = max(x, 0)", "dx += dy where x > 0", true},
    {"gelu", "x", "y", "y = x ∘ Φ(x)", "dx += dy ∘ (Φ(x) + x ∘ φ(x))", true},
    {"gelu_tanh", "x", "y", "y = x ∘ σ(2u), u = √(2/π) (x + 0.044715 x³)",
     "dx += dy ∘ σ(2u) ∘ (1 + 2 x ∘ σ(-2u) ∘ √(2/π) (1 + 0.134145 x²))", true},
    {"softplus", "x", "y", "y = log(1 + exp(β x)) / β", "dx += dy ∘ σ(β x)", true},
    {"silu", "x", "y", "y = x ∘ σ(x)", "dx += dy ∘ σ(x) ∘ (1 + x ∘ σ(-x))", true},
    {"leaky_relu", "x", "y", "y = x where x > 0, else slope · x", "dx += dy where x > 0, else slope · dy", true},
    {"elu", "x", "y", "y = x where x > 0, else α (exp(x) - 1)", "dx += dy where x > 0, else α dy ∘ exp(x)", true},
    {"rsqrt", "x", "y", "y = 1 / √x", "dx -= dy ∘ y / (2 x)", true},
    {"sqrt", "x", "y", "y = √x", "dx += dy / (2 y)", true},
    {"square", "x", "y", "y = x²", "dx += 2 dy ∘ x", true},
    {"pow", "a b?", "y", "y = a^b", "da += b dy ∘ a^(b - 1); db += dy ∘ y ∘ log(a)", true},
    {"exponential", "x", "y", "y = c^x", "dx += dy ∘ y log(c)", true},
    {"abs", "x", "y", "y = |x|", "dx += dy ∘ sign(x)", true},
    {"sign", "x", "y", "y = sign(x)", "dx += 0", true},
    {"round", "x", "y", "y = the nearest integer", "dx += 0", true},
    {"floor", "x", "y", "y = ⌊x⌋", "dx += 0", true},
    {"ceil", "x", "y", "y = ⌈x⌉", "dx += 0", true},
    {"maximum", "a b", "y", "y = max(a, b)", "da += dy where a > b; db += dy where b > a; half of it where a = b",
     true},
    {"minimum", "a b", "y", "y = min(a, b)", "da += dy where a < b; db += dy where b < a; half of it where a = b",
     true},
    {"clamp_min", "x a", "y", "y = max(x, a)", "dx += dy where x ≥ a; da += dy where x < a", true},
    {"clamp_max", "x b", "y", "y = min(x, b)", "dx += dy where x ≤ b; db += dy where x > b", true},
    {"eq", "a b", "y", "y = 1 where a = b, else 0", "", true},
    {"ne", "a b", "y", "y = 1 where a ≠ b, else 0", "", true},
    {"lt", "a b", "y", "y = 1 where a < b, else 0", "", true},
    {"le", "a b", "y", "y = 1 where a ≤ b, else 0", "", true},
    {"gt", "a b", "y", "y = 1 where a > b, else 0", "", true},
    {"ge", "a b", "y", "y = 1 where a ≥ b, else 0", "", true},
    {"where", "m a b", "y", "y = a where m ≠ 0, else b", "da += dy where m ≠ 0; db += dy where m = 0", true},
    {"clamp", "x", "y", "y = min(max(x, low), high)", "dx += dy where low ≤ x ≤ high", true},
    {"dropout", "x", "y", "y = x ∘ m / (1 - p), m at random 0 or 1", "dx += dy ∘ m / (1 - p)", true},

    // Along an axis
    {"sum", "x", "y", "y = Σ x", "dx += dy, for each number of the sum"},
    {"max", "x", "y", "y = max x", "dx += dy where x is the maximum"},
    {"min", "x", "y", "y = min x", "dx += dy where x is the minimum"},
    {"amax", "x", "y", "y = max x", "dx += dy / number of maxima, where x is one"},
    {"amin", "x", "y", "y = min x", "dx += dy / number of minima, where x is one"},
    {"prod", "x", "y", "y = Π x", "dx += dy · product of the others"},
    {"var", "x", "y", "y = Σ (x - mean x)² / (n - c)", "dx += 2 dy (x - mean x) / (n - c)"},
    {"stddev", "x", "y", "y = √(Σ (x - mean x)² / (n - c))", "dx += dy (x - mean x) / (y (n - c))"},
    {"norm", "x", "y", "y = (Σ |x|^p)^(1/p)", "dx += dy sign(x) ∘ (|x| / y)^(p - 1)"},
    {"logsumexp", "x", "y", "y = log Σ exp(x)", "dx += dy softmax(x)"},
    {"cumsum", "x", "y", "y[i] = x[0] + … + x[i]", "dx[i] += dy[i] + … + dy[n - 1]"},
    {"softmax", "x", "y", "y = exp(x) / Σ exp(x)", "dx += y ∘ (dy - Σ y ∘ dy)"},
    {"log_softmax", "x", "y", "y = x - log Σ exp(x)", "dx += dy - exp(y) Σ dy"},
    {"sparsemax", "x", "y", "y = max(x - τ, 0), with τ such that Σ y = 1", "dx += dy - mean of dy, both where y > 0"},
    {"layer_norm", "x w? b?", "y", "y = w ∘ n + b, n = (x - mean x) / √(var x + ε)",
     "dx += (g - mean g - n mean(g ∘ n)) / √(var x + ε), g = w ∘ dy; dw += Σ dy ∘ n; db += Σ dy"},
    {"cross_entropy", "x q?", "l", "l = log Σ exp(x) - q·x, q the target's distribution; their mean, or one a row",
     "dx += dl (softmax(x) - q), divided by the rows if l is their mean; dq += -dl log softmax(x)"},

    // Losses
    {"l1_loss", "x t", "l", "l = |x - t|", "dx += dl sign(x - t); dt -= dl sign(x - t)", true},
    {"huber_loss", "x t", "l", "l = d²/2 where |d| ≤ δ, δ (|d| - δ/2) elsewhere, d = x - t",
     "dx += dl min(max(d, -δ), δ); dt -= dl min(max(d, -δ), δ)", true},
    {"smooth_l1_loss", "x t", "l", "l = d²/(2β) where |d| ≤ β, |d| - β/2 elsewhere, d = x - t",
     "dx += dl min(max(d/β, -1), 1); dt -= dl min(max(d/β, -1), 1)", true},
    {"logistic_loss", "x w", "l", "l = w ∘ log(1 + exp(-x))", "dx -= dl ∘ w ∘ σ(-x); dw += dl ∘ log(1 + exp(-x))",
     true},
    {"binary_cross_entropy", "p t", "l", "l = -(t ∘ log p + (1 - t) ∘ log(1 - p))",
     "dp += dl ∘ (p - t) / (p (1 - p)); dt += dl ∘ (log(1 - p) - log p)", true},
    {"kl_divergence", "x t", "l", "l = t ∘ (log t - x)", "dx -= dl ∘ t; dt += dl ∘ (log t + 1 - x)", true},
    {"kl_divergence_of_logs", "x t", "l", "l = exp(t) ∘ (t - x)", "dx -= dl ∘ exp(t); dt += dl ∘ exp(t) ∘ (t - x + 1)",
     true},
    {"nll_loss", "x", "l", "l = -w[t] x[t], t the target", "dx[t] -= dl w[t]"},

    // Moving numbers
    {"detach", "x", "y", "y = x", ""},
    {"reshape", "x", "y", "y = x in another shape", "dx += dy"},
    {"transpose", "x", "y", "y = xᵀ", "dx += dyᵀ"},
    {"permute", "x", "y", "y = x with its axes in another order", "dx += dy with its axes in the order of x"},
    {"flip", "x", "y", "y = x in reverse order", "dx += dy in reverse order"},
    {"expand", "x", "y", "y = x, stretched", "dx += Σ dy over what x was stretched to"},
    {"sort", "x", "y", "y = x in order", "dx += dy, each where it came from"},
    {"topk", "x", "y", "y = the first k of x in order", "dx += dy, each where it came from"},
    {"slice", "x", "y", "y = x[begin:end]", "dx[begin:end] += dy"},
    {"concat", "x…", "y", "y = [x₁, x₂, …]", "dx += their part of dy"},
    {"stack", "x…", "y", "y = [x₁, x₂, …]", "dx += their part of dy"},
    {"gather_rows", "x", "y", "y[i] = x[index[i]]", "dx[index[i]] += dy[i]"},
    {"take_along_axis", "x", "y", "y[i, j] = x[i, index[i, j]]", "dx[i, index[i, j]] += dy[i, j]"},
    {"pad", "x", "y", "y = x with a border of its own numbers", "dx += dy, each where it came from"},
    {"embedding", "W", "y", "y[i] = W[ids[i]]", "dW[ids[i]] += dy[i]"},
    {"pack", "x", "y", "y = the words of x, without padding", "dx += dy, and 0 for padding"},
    {"unpack", "x", "y", "y = x with padding", "dx += dy, without padding"},

    // Products
    {"matmul", "a b", "c", "c = a b", "da += dc bᵀ; db += aᵀ dc"},
    {"batched_matmul", "a b", "c", "c[i] = a[i] b[i]", "da[i] += dc[i] b[i]ᵀ; db[i] += a[i]ᵀ dc[i]"},
    {"einsum", "a b?", "c", "c = Σ a ∘ b, over the letters that c has not", "da += Σ dc ∘ b; db += Σ dc ∘ a"},
    {"convolution", "x W b?", "y", "y = b + W P, P the patches of x",
     "dx += Wᵀ dy, where its numbers are in the patches; dW += dy Pᵀ; db += Σ dy"},
    {"max_pool", "x", "y", "y = the maximum of each patch of x", "dx += dy where x is the maximum"},
    {"avg_pool", "x", "y", "y = the mean of each patch of x", "dx += dy / numbers of the patch"},
    {"batch_norm", "x w? b?", "y", "y = w ∘ n + b, n = (x - mean x) / √(var x + ε), channel by channel",
     "dx += w ∘ (dy - mean dy - n mean(dy ∘ n)) / √(var x + ε); dw += Σ dy ∘ n; db += Σ dy"},
    {"linear", "x W b", "y", "y = x Wᵀ + b", "dx += dy W; dW += dyᵀ x; db += Σ rows of dy"},
    {"linear_sum", "base? x… W…", "y", "y = base + Σ x Wᵀ", "dbase += dy; dx += dy W; dW += dyᵀ x"},
    {"linear_sum_tanh", "base? x… W…", "y", "y = tanh(base + Σ x Wᵀ)",
     "dz = dy ∘ (1 - y²); dbase += dz; dx += dz W; dW += dzᵀ x"},
    {"linear_cross_entropy", "x W b", "l", "l = mean of log Σ exp(z) - q·z, z = x Wᵀ + b",
     "dz = dl (softmax(z) - q) / rows; dx += dz W; dW += dzᵀ x; db += Σ rows of dz"},
    {"linear_r_drop", "x W b", "l",
     "l = mean of log Σ exp(z) - q·z + α (p₁ - p₂)·(log p₁ - log p₂) / 4, z = x Wᵀ + b, p₁ and p₂ the softmax of both "
     "rows of a word",
     "dz₁ = dl (p₁ - q + α (p₁ ∘ (log p₁ - log p₂ - KL(p₁‖p₂)) + p₁ - p₂) / 2) / rows, dz₂ likewise; dx += dz W; "
     "dW += dzᵀ x; db += Σ rows of dz"},

    // Attention: queries q, keys k, values v
    {"additive_scores", "q k v", "e", "e = vᵀ tanh(q + k)",
     "dz = de v ∘ (1 - tanh²(q + k)); dq += Σ dz; dk += dz; dv += Σ de tanh(q + k)"},
    {"dot_scores", "q k", "e", "e = scale · qᵀ k", "dq += scale · Σ de k; dk += scale · de q"},
    {"weighted_sum", "w v", "c", "c = Σ w v", "dw += dcᵀ v; dv += w dc"},
    {"monotonic_alignment", "p b", "a", "a_j = p_j q_j, q_j = (1 - p_j-1) q_j-1 + b_j",
     "dq_j = p_j da_j + (1 - p_j) dq_j+1; dp_j += q_j (da_j - dq_j+1); db_j += dq_j"},
    {"chunkwise_weights", "a u", "w", "w = Σ_k a_k s_k, s_k = softmax of u in the chunk that ends at k",
     "da_k += s_kᵀ dw; du += Σ_k a_k s_k ∘ (dw - s_kᵀ dw)"},
    {"scaled_dot_attention", "q k v bias?", "c", "c = A v, A = softmax(q kᵀ / √D + bias)",
     "dA = dc vᵀ; dS = A ∘ (dA - Σ A ∘ dA); dbias += dS; dq += dS k / √D; dk += dSᵀ q / √D; dv += Aᵀ dc"},

    // Recurrence: the step before's hidden state h and cell c, the next one's h' and c'
    {"lstm_cell", "base? c x… W…", "h' c'",
     "[i f g o] = [σ σ tanh σ](base + Σ x Wᵀ); c' = f ∘ c + i ∘ g; h' = o ∘ tanh(c')",
     "do = dh' ∘ tanh(c'); dc' += dh' ∘ o ∘ (1 - tanh²(c')); dc += dc' ∘ f; di = dc' ∘ g; df = dc' ∘ c; "
     "dg = dc' ∘ i; da = [di i(1 - i), df f(1 - f), dg (1 - g²), do o(1 - o)]; dbase += da; dx += da W; dW += daᵀ x"},
    {"lstm_sequence", "base? W_hh h₀? c₀? x… W…", "h h_T c_T",
     "[i f g o] = [σ σ tanh σ](base + Σ x Wᵀ + h W_hhᵀ), h of the step before; c = f ∘ c + i ∘ g; h = o ∘ tanh(c); "
     "h_T and c_T are those of the last step",
     "da of each step as in lstm_cell, from the last to the first; dh of a step += da W_hh of the one after it; "
     "dW_hh += Σ daᵀ h of the step before; dbase += da; dx += da W; dW += daᵀ x"},
    {"gru_cell", "x W b? h", "h' h'", kGru, kGruBackward},
    {"gru_sequence", "x W b? h₀?", "h h_T", kGru, kGruBackward},
    {"rnn_tanh_sequence", "base? W_hh h₀? x… W…", "h h_T", "h = tanh(base + Σ x Wᵀ + h W_hhᵀ), step after step",
     "da = dh ∘ (1 - h²); dh of a step += da W_hh of the one after it; dW_hh += Σ daᵀ h of the step before; "
     "dbase += da; dx += da W; dW += daᵀ x"},
    {"rnn_relu_sequence", "base? W_hh h₀? x… W…", "h h_T", "h = max(base + Σ x Wᵀ + h W_hhᵀ, 0), step after step",
     "da = dh where h > 0; dh of a step += da W_hh of the one after it; dW_hh += Σ daᵀ h of the step before; "
     "dbase += da; dx += da W; dW += daᵀ x"},
};

/// Those that were added, besides the table.
struct Added {
  std::mutex mutex;
  std::map<std::string, OpFormula, std::less<>> formulas;
};

Added& added() {
  static Added added;
  return added;
}

}

const OpFormula* find_formula(std::string_view op) {
  {
    const std::lock_guard lock(added().mutex);
    const auto found = added().formulas.find(op);
    if (found != added().formulas.end()) return &found->second;
  }
  for (const OpFormula& formula : kFormulas) {
    if (op == formula.op) return &formula;
  }
  return nullptr;
}

bool add_formula(const OpFormula& formula) {
  const std::lock_guard lock(added().mutex);
  added().formulas.insert_or_assign(formula.op, formula);
  return true;
}

}
