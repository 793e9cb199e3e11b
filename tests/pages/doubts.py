"""What a backprop player says of its gradients, held against what it shows."""
import re


def number(text):
    return float(text.replace('−', '-'))


def check_doubts(page):
    """Goes through all steps of an open player, in whose frame the browser is: no gradient of it is called wrong, none is
    called right that could not have been found to be wrong, and each slope is what its two losses give by hand.
    Returns how often the page said which."""
    rows = page.run('''const rows = new Set();
        steps.forEach((_, i) => {
            stepper.go(i);
            for (const row of document.querySelectorAll("details.doubt tr:not(:first-child)"))
                rows.add([...row.cells].map((cell) => cell.textContent).join("|"));
        });
        stepper.go(0);
        return [...rows];''')
    said = {}
    for row in rows:
        place, gradient, quotient, slope, verdict = row.split('|')
        said[verdict] = said.get(verdict, 0) + 1
        larger, smaller, step = map(number, re.fullmatch(r'\((.+) − (.+)\) / \(2 · (.+)\)', quotient).groups())
        slope, rounding = map(number, slope.split(' ± '))
        by_hand = (larger - smaller) / (2 * step)
        assert abs(by_hand - slope) <= 6e-3 * abs(slope), row  # three digits of it are shown
        assert verdict in ('✓', 'too small to tell'), row
        if verdict == '✓' and number(gradient) != 0:
            assert rounding < abs(number(gradient)) / 1.9, f'{row}: a gradient of 0 would have passed'
    return said
