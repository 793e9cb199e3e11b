"""The segments that make_metrics.py scores: hand-made oddities first, then random ones of many kinds."""
import random

import regex

HAND_MADE = [
    ("", "A dog runs."), ("A dog runs.", ""), ("", ""), ("   ", "\t"), ("dog", "dog"), ("a b", "a b"), ("a b c", "a b c d"),
    ("The price is 1,234.56 dollars.", "The price is 1,234.56 dollars ."),
    ("Version 2.0, not 2. or .5", "Version 2.0 , not 2. or .5"), ("3-4 and x-ray, 10-year-old", "3 - 4 and x-ray, 10 -year-old"),
    ("...", ". . ."), ("..,,..", ", ."), ("1..2,,3.", "1 . . 2"), ("a.b.c,d", "a . b . c , d"),
    ("He said &quot;no&quot; &amp; left &lt;quickly&gt;", 'He said "no" & left <quickly>'),
    ("&amp;quot; and &amp;lt;", '&quot; and <'), ("<skipped>one two three four", "one two three four"),
    ("one-\ntwo\nthree four", "onetwo three four"), ("one\n-two\nthree four", "onetwo three four"),
    ("trailing dash -\n", "trailing dash -"), ("\n", "\n\n"), (" leading and trailing \u3000", "leading and trailing"),
    ("don't can't it's o'clock", "don ' t can 't it's o'clock"), ("the dog's 's dogs' it's.", "the dog 's 's dogs ' it 's ."),
    ("the dog's", "the dog 's"), ("[x] {y} (z) `w` ~v~ ^u^ _t_", "[ x ] { y } ( z ) `w` ~v~ ^u^ _t_"),
    ("a/b\\c|d@e#f$g%h*i+j=k;l:m?n!o", "a / b \\ c | d @ e # f $ g % h * i + j = k ; l : m ? n ! o"),
    ("Der Mann läuft über die Straße.", "Ein Mann läuft über die Straße ."), ("ÄPFEL UND ÖL", "Äpfel und Öl"),
    ("l'œuf n'est pas là…", "L'Œuf n'est pas là …"), ("„Gut“, sagte sie – „ja“.", "„ Gut “ , sagte sie – „ ja “ ."),
    ("日本語のテキスト。", "日本語 の テキスト。"), ("ひらがな", "ひら がな"), ("カタカナ・テスト", "カタカナ テスト"), ("漢字「かな」、漢字。", "漢 字 かな 漢 字"),
    ("㐀㐁 ㈱ ㍿ 豈 ︰ ㇀ ⺀ ㇰ", "㐀 㐁 ㈱ ㍿ 豈 ︰ ㇀ ⺀ ㇰ"), ("全角！？：；（括弧）．，＂", "全角 括弧"), ("半角｡｢｣､･", "半角"), ("中文句子没有空格，对吗？", "中文 句子 没有 空格 ， 对 吗 ？"),
    ("Привет, МИР!", "привет , мир !"), ("ΟΔΟΣ ΣΟΦΟΣ. ΑΣ", "οδος σοφος. ας"), ("ΑΣ'Α ΑΣ' Σ ΣΑΣ Α'Σ ΑΣ\u0301 \u0301Σ", "ασ'α ας' σ σας α'ς ας\u0301 \u0301σ"),
    ("ἈΡΧῊ ἮΝ Ὁ ΛΌΓΟΣ", "ἀρχὴ ἦν ὁ λόγος"), ("ႠႡ Ა ᎠᎡ ⰀⰁ ⲀⲂ 𐐀𐐁 𞤀 Ꙁ Ꞌ Ȿ Ⅷ Ⓐ K Å", "ⴀⴁ ა ꭰꭱ ⰰⰱ ⲁⲃ 𐐨𐐩 𞤢 ꙁ ꞌ ȿ ⅷ ⓐ k å"),
    ("İstanbul ve ISPARTA", "i̇stanbul ve isparta"), ("ẞ ĲSSEL ŁÓDŹ ŐR Ÿ ǅ Ǆ", "ß ĳssel łódź őr ÿ ǆ ǆ"),
    ("no\u00a0break thin\u2009space ideographic\u3000space", "no break thin space ideographic space"),
    ("zero\u200bwidth next\u0085line\u2028x\u2029y\u1680z\u180ew", "zero width next line x y z w"), ("emoji 😀 👍🏽 end 🩷 🫨", "emoji 😀 👍 end 🩷 🫨"),
    ("é.5 ü,7 5.é 7,ü", "é .5 ü ,7 5. é 7, ü"), ("a\tb\x1cc\x0bd\x1fe", "a b c d e"), ("٣٫٥ ३.५ ½.½ Ⅷ.Ⅸ ①,②", "٣٫٥ ३ . ५ ½.½ Ⅷ . Ⅸ ① , ②"),
    ("5€ €5 $5.50 £1,000 a+b=c ©2020 x² ° § ¶ ·", "5 € € 5 $ 5.50 £ 1,000 a + b = c © 2020 x² ° § ¶ ·"), ("1990. 1990.", "1990 . 1990 ."),
    ("¿Qué? ¡No!", "¿ Qué ? ¡ No !"), ("«Bonjour»,dit-il", "« Bonjour » , dit-il"), ("مرحبا، كيف حالك؟", "مرحبا ، كيف حالك ؟"), ("नमस्ते।", "नमस्ते ।"),
    ("สวัสดีครับ", "สวัสดี ครับ"), ("e\u0301 é", "é e\u0301"), ("(hi) 'a' -- --a a-- ! !!", "( hi ) ' a ' - - a ! ! !"),
    ("the the the the the the", "the cat the mat"), ("a a a b b b", "a b a b a b"), ("a b c d e f", "f e d c b a"),
    ("d e f a b c", "a b c d e f"), ("b a d c f e h g", "a b c d e f g h"), ("x a b c", "a b c x"), ("a b c x y z a b c", "x y z a b c"),
    ("one", " ".join(["one"] + ["word"] * 120)), (" ".join(["word"] * 120 + ["one"]), "one"), ("x", " ".join(map(str, range(200)))),
    (" ".join(["a"] * 80), " ".join(["a"] * 70)), (" ".join(["a b c"] * 12), " ".join(["c b a"] * 12)), (" ".join(["a b c d"] * 8), " ".join(["d c b a"] * 9)),
    (" ".join(map(str, range(60, 130))) + " " + " ".join(map(str, range(60))), " ".join(map(str, range(130)))),
    (" ".join(map(str, range(55, 60))) + " " + " ".join(map(str, range(55))), " ".join(map(str, range(60)))),
    (" ".join(map(str, range(12, 30))) + " " + " ".join(map(str, range(12))), " ".join(map(str, range(30)))),
]

ENGLISH = ("a the dog man woman two children red blue ball street runs jumps sits is are in on under near with and of water "
           "Über Straße déjà l'eau 3.5 1,000 10-15 -7 U.S. e.g. don't x-ray it's &amp; &quot;hi&quot; (left) [1] 50% $20 a/b").split()
MIXED = ("Hund Mädchen GRÖSSE été FRANÇAISE «oui» ¿dónde? Çığ İzmir ΛΟΓΟΣ λόγος Москва МОСКВА 犬が走る 漢字、かな。 中国！ (東京) 서울은 "
         "مرحبا، शब्द। ไทย 5€ 3,14 ½ ² № „so“ – — … 😀 👍🏽 ™ x=y A&B x·y 10°C").split()
FEW = "a b c d".split()
ENDS = [".", " .", "!", "?", "...", "", ",", ";", " :", "。", "…", "'s"]
SPACES = [" "] * 30 + ["  ", "\t", "\u00a0", "\u3000"]


def pieces(source, shortest, longest):
    return [source.choice(source.words) for _ in range(source.randint(shortest, longest))]


class Source(random.Random):
    """A random generator with the words of a kind of text."""

    def __init__(self, seed, words):
        super().__init__(seed)
        self.words = words

    def sentence(self, shortest=0, longest=14):
        return "".join(word + self.choice(SPACES) for word in pieces(self, shortest, longest))[:-1] + self.choice(ENDS)

    def disturbed(self, text):
        """A hypothesis for the reference: some words dropped, doubled, replaced or in capitals, and some moved."""
        words = []
        for word in text.split(" "):
            chance = self.random()
            if chance < 0.08:
                continue
            words.append(self.choice(self.words) if chance < 0.18 else word.upper() if chance < 0.22 else word)
            if chance > 0.96:
                words.append(word)
        while len(words) > 2 and self.random() < 0.4:
            start = self.randrange(len(words))
            moved = words[start:start + self.randint(1, 6)]
            del words[start:start + len(moved)]
            target = self.randint(0, len(words))
            words[target:target] = moved
        return " ".join(words)


def any_characters(categories):
    """All assigned characters of these categories below the private planes; the ideographs would crowd out the rest."""
    pattern = regex.compile("|".join(rf"\p{{{category}}}" for category in categories))
    ideograph = regex.compile(r"\p{Han}|\p{Hangul}|\p{Tangut}|\p{Egyptian_Hieroglyphs}|\p{Cuneiform}")
    characters = (chr(c) for c in range(0x20, 0x20000) if not 0xD800 <= c < 0xE000)
    return [c for c in characters if pattern.fullmatch(c) and not ideograph.fullmatch(c)]


def character_soup(source, classes):
    """A string of random characters of every class, mixed with digits, letters and spaces."""
    return "".join(source.choice(source.choice(classes)) for _ in range(source.randint(3, 30)))


def make_segments():
    """[hypothesis, reference, ...] with one to three references."""
    def with_references(source, hypothesis, reference):
        others = [source.disturbed(reference) for _ in range(source.choice([0, 0, 1, 2]))]
        return [hypothesis, reference, *others]

    english, mixed, few = Source(20, ENGLISH), Source(21, ENGLISH + MIXED), Source(22, FEW)
    segments = [with_references(english, *pair) for pair in HAND_MADE]
    for source, count, shortest, longest in ((english, 1000, 0, 14), (mixed, 700, 1, 12), (few, 200, 1, 16),
                                             (english, 12, 60, 110), (few, 2, 30, 45), (mixed, 6, 50, 80)):
        for _ in range(count):
            reference = source.sentence(shortest, longest)
            segments.append(with_references(source, source.disturbed(reference), reference))
    soup = Source(23, ["x"])
    classes = [any_characters(["P"]), any_characters(["S"]), any_characters(["N"]), any_characters(["Lu", "Lt"]),
               any_characters(["Ll", "Lo", "Lm"]), any_characters(["M", "Cf"]), "0123456789", "abcABC", ".,-'", "ΣΣσ", "   \u2003"]
    for _ in range(250):
        reference = character_soup(soup, classes)
        middle = soup.randrange(len(reference))
        segments.append([reference[:middle] + character_soup(soup, classes)[:5] + reference[middle:], reference])
    return segments


def other_system(segments):
    """Another system's hypotheses for the same references, with fewer words right."""
    source = Source(24, ENGLISH)
    return [source.disturbed(source.disturbed(segment[1])) for segment in segments]
