// The words that pages use and a reader may not know: one list of them.

const terms = {
  "tape": "the list of all ops of a step, in the order in which they were computed; backward goes through it from its end to its beginning",
  "op": "one operation on tensors, such as a product or a tanh",
  "closure": "what an op leaves on the tape: the function that takes the gradient of its output and passes it on to its inputs",
  "leaf": "a tensor that no op has computed: a parameter, a variable or a constant",
  "parameter": "numbers of the model that training changes; they outlive the step",
  "variable": "a leaf whose gradient is wanted",
  "constant": "a leaf that needs no gradient",
  "gradient": "of a tensor: for each of its numbers, how fast the loss grows with it",
  "%7": "the tensor that was made as number 7 of the tape; d%7 is its gradient",
  "∘": "number times number, each with the one at its place; without a sign, a product of matrices",
  "ᵀ": "transposed: rows become columns",
  "noted": "the factors are kept when the closure runs; the product of all of them is added to the parameter's gradient in one go at the end of the step",
  "fused": "an op that does the work of several at once, which is faster; --unfused, or Unfused in a program, shows them one by one",
  "logits": "scores of all classes or words, before softmax makes probabilities of them",
  "q": "in a cross entropy, what the probabilities should be: 1 for the right class and 0 for all others, or a little smoothed",
  "nats": "the unit of a loss that is −log p with the natural logarithm: at 1 nat a word, p is 1/e = 0.37",
  "embedding": "a table with a row of numbers for each word; it is learned",
  "LSTM": "a recurrent net with a cell that keeps what it knows: gates between 0 and 1 say how much is put in (i), kept (f) and shown (o), and g is what could be put in; c' = f ∘ c + i ∘ g, h' = o ∘ tanh(c')",
  "GRU": "a recurrent net with two gates: r says how much of the state before is looked at, z how much of it stays",
  "<s>": "the sign that stands before the first word of a sentence",
  "</s>": "the sign that a sentence ends here, which is written like a word",
  "<unk>": "stands for every word that the vocabulary does not have",
};

/** A word of the list, underlined; its meaning stands below the page while it is pointed at or has the focus. */
function term(word, shown = word) {
  return element("span", { class: "term", tabindex: 0, "data-says": `${word}: ${terms[word]}` }, shown);
}

/** A text in which words of the list stand in {braces}, or {word|as shown}. */
const explained = (text) => text.split(/[{}]/).map((part, i) => (i % 2 ? term(...part.split("|")) : part));

/** All of the list, behind a button. */
const glossary = () => element("details", {}, element("summary", {}, "what the words and signs mean"),
  element("dl", { class: "glossary" }, Object.entries(terms).map(([word, meaning]) => [element("dt", {}, word), element("dd", {}, meaning)])));
