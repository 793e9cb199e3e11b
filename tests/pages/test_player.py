"""test_player.py LESSON GRADUS FOLDER: the backprop player of lesson 1 and of a training step of a translator."""
import math
import os
import re
import subprocess
import sys

from browser import Keys, Page
from doubts import check_doubts, number

lesson, gradus, folder = (os.path.abspath(argument) for argument in sys.argv[1:])
os.makedirs(folder, exist_ok=True)
os.chdir(folder)


def said(page):
    return page.text('output')


def check_speed(page):
    """Shows every step; half of them take less than 200 ms, once in three times at least. A quiet machine takes 12; this
    one may be slow, and busy."""
    medians = []
    for _ in range(3):
        times = page.run('''return steps.map((_, i) => {
            const begin = performance.now();
            stepper.go(i);
            return performance.now() - begin;
        })''')
        medians.append(sorted(times)[len(times) // 2])
        if medians[-1] < 200:
            return
    raise AssertionError(medians)


def of_a_neuron():
    subprocess.run([lesson], check=True, stdout=subprocess.DEVNULL)
    with Page('backprop.html') as page:
        assert page.driver.title == 'One neuron, forward and backward'
        assert said(page) == 'before the first op'
        assert '%0 x' in page.text('.panel')
        boxes = page.all('.box')
        assert len(page.all('.box.idle')) == len(boxes) - 3, 'only the leaves are there before the first op'

        page.press(Keys.ARROW_RIGHT)
        assert said(page).startswith('forward 1 of ') and said(page).endswith(': mul'), said(page)
        assert '%3 = w ∘ x' in page.text('.panel'), 'a formula speaks of the tensors by their names'
        assert page.run('return location.hash') == '#step=1'
        page.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
        assert said(page) == 'before the first op', 'there is nothing before the first step'

        # Forward and backward, all of it: each step shows itself, quickly, and in the end each variable has its gradient.
        steps = page.run('return steps.length')
        check_speed(page)
        assert page.run('return stepper.step') == steps - 1
        gradients = {box.text.split('\n')[0]: box.text.split('\n')[-1] for box in page.all('.box.leaf')}
        w0, w1, b = 0.4, 0.1, 0.3
        y = math.tanh(w0 * 1 + w1 * -2 + b)
        dz = (2 * (y + 0.5) + 0.2 * y) * (1 - y * y)
        expected = {'w': [dz, -2 * dz], 'bias': [dz]}
        for name, values in expected.items():
            shown = [number(text) for text in gradients[name].removeprefix('d ').split()]
            assert all(abs(a - b) < 1e-3 * abs(b) for a, b in zip(shown, values)), (name, shown, values)

        # Where the gradient of y came from, and why it is a sum.
        page.run('stepper.go(stepOf(ops.find((op) => op.node.name === "y"), true))')
        panel = page.text('.panel')
        assert 'backward through' in panel and 'y = tanh' in panel
        assert 'the sum of what came from' in panel
        page.click('.panel .link')
        assert 'backward through' in page.text('.panel') and 'of 2 gradients arrived' in page.text('.panel')
        assert 'A sum, since' in page.text('.panel')
        # dy ∘ local derivative = contribution, in numbers that a reader can multiply
        figures = [number(cell.text) for cell in page.all('.panel .sum')[0].find_elements('css selector', 'td')]
        assert abs(figures[0] * figures[1] - figures[2]) <= 2e-3 * abs(figures[2]), figures

        # A leaf tells of itself where it is clicked, and finite differences agree with every gradient.
        doubted = check_doubts(page)
        assert list(doubted) == ['✓'] and doubted['✓'] >= 8, doubted
        bias = next(box for box in page.all('.box.leaf') if box.text.startswith('bias'))
        bias.click()
        assert said(page) == 'before the first op' and 'variable %2 bias' in page.text('.panel')
        assert 'used by %5 add' in page.text('.panel') and 'comes with the backward pass' in page.text('.panel')
        page.press(Keys.END)
        next(box for box in page.all('.box.leaf') if box.text.startswith('bias')).click()
        page.one('details.doubt summary').click()
        assert '✓' in page.text('details.doubt') and '✗' not in page.text('details.doubt')

        # It plays and pauses by the space bar, and goes where a click leads.
        page.run('document.activeElement.blur()')
        page.press(Keys.HOME, ' ')
        page.until(lambda: page.run('return stepper.step') >= 2, 'play')
        page.press(' ')
        assert page.run('return stepper.timer') is None
        page.press(Keys.HOME)
        page.one('.box:not(.leaf)').click()
        assert said(page).startswith('forward'), said(page)
        page.run('location.hash = "#step=5"')
        page.until(lambda: page.run('return stepper.step') == 5, 'a step by its address')

    with Page('backprop.html', 360, 700, dark=True, address='#step=9') as page:
        assert page.run('return stepper.step') == 9, 'the address opens a step'
        assert page.fails_to_scroll_sideways()
        assert page.one('.panel').is_displayed() and page.one('.map').is_displayed()
        before = said(page)
        page.one('button[aria-label^="next step"]').click()  # as a finger does
        assert said(page) != before


def of_a_translator():
    quiet = dict(check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run([gradus, 'train', '--toy', '--model', 'm', '--epochs', '1', '--seed', '1', '--force'], **quiet)
    subprocess.run([gradus, 'explain', '--model', 'm', 'the man ate an apple', '--target', "l'homme a mangé une pomme",
                    '--out', 'step.html'], **quiet)
    with Page('step.html') as page:
        assert page.seconds_to_open < 20  # on any machine, however busy
        doubted = check_doubts(page)
        assert doubted['✓'] > 20, doubted
        assert 'the man ate an apple' in page.text('header')
        lanes = page.text('.map')
        for lane in ('encoder', 'attention', 'cell', 'steps 1–'):
            assert lane in lanes, lane
        check_speed(page)
        # A step shows its column; the others of its series stay folded, until they are asked for.
        page.run('stepper.go(stepOf(ops.filter((op) => op.name === "softmax")[1], false))')
        assert '▾ step 2 of 7: homme' in page.text('.map') and '▸ steps 3–7: a … </s>' in page.text('.map'), page.text('.map')
        assert 'y = exp(x) / Σ exp(x)' in page.text('.panel')
        page.all('.column button')[-1].click()
        assert '▸ steps 3–' not in page.text('.map')
        page.run('stepper.go(stepOf(ops.filter((op) => op.name === "softmax")[1], true))')
        assert 'dx += y ∘ (dy - Σ y ∘ dy)' in page.text('.panel')
        # Modules fold, and unfold.
        count = len(page.all('.lane'))
        page.one('.lane button[title="fold decoder"]').click()
        assert len(page.all('.lane')) < count and '▸ decoder' in page.text('.map')
        page.one('.lane button[title="unfold"]').click()
        assert len(page.all('.lane')) == count
        # The attention's parameters: noted, and summed up at the end.
        page.press(Keys.END)
        assert said(page).startswith('sum up: ') and 'noted' in page.text('.panel')
        assert 'once for each of 7 rows' in page.text('.panel')
        # A heat map opens, and closes by a key.
        page.all('.panel canvas')[0].click()
        assert page.one('dialog').is_displayed()
        page.press(Keys.ESCAPE)
        page.until(lambda: not page.all('dialog'), 'the large heat map closes')
    with Page('step.html', 360, 700, address='#step=60') as page:
        assert page.fails_to_scroll_sideways()
        # Whatever the step, nothing covers the left end of the box that it is about.
        covered = page.run('''return steps.filter((step, i) => {
            stepper.go(i);
            const box = document.querySelector(".now")?.getBoundingClientRect();
            return box && !document.elementFromPoint(box.left + 6, (box.top + box.bottom) / 2)?.matches(".now");
        }).length''')
        assert covered == 0, covered


def of_words():
    """What the page says of the words of a step."""
    with Page('step.html') as page:
        # Each word's probability, and of their logarithms the mean, which is the loss.
        page.run('stepper.go(stepOf(lossOp, false))')
        rows = [[cell.text for cell in row.find_elements('css selector', 'td')] for row in page.all('.panel .numbers')[0].find_elements('css selector', 'tr')]
        assert [row[0] for row in rows] == ['word', "l'", 'homme', 'a', 'mangé', 'une', 'pomme', '</s>'], rows
        surprises = [number(row[2]) for row in rows[1:]]
        loss = page.run('return valueOf(pageData.loss).cells[0]')
        assert abs(sum(surprises) / len(surprises) - loss) < 1e-3 * loss, (surprises, loss)
        assert all(abs(math.exp(-number(row[2])) - number(row[1])) < 6e-3 * number(row[1]) for row in rows[1:])
        # Which words' vectors a gradient is added to; and a leaf's own page before the backward pass.
        page.run('stepper.go(stepOf(ops.find((op) => op.name === "embedding"), true))')
        assert '“apple”' in page.text('.panel') and '“man”' in page.text('.panel'), page.text('.panel')
        # Names of fused ops' inputs and outputs, and finite differences of all of these.
        page.run('stepper.go(stepOf(ops.find((op) => op.name === "lstm_sequence"), true))')
        panel = page.text('.panel')
        for name in ('dh = d%', 'dh_T = d%', 'dc_T = d%', 'dbase → d%', 'dW_hh → d%', 'dW → d%', 'dx → d%'):
            assert name in panel, (name, panel)
        page.run('stepper.go(stepOf(ops.find((op) => op.name === "lstm_cell"), false))')
        assert '--unfused' in page.text('.panel')
        hidden = page.run('''const seen = new Set();
            steps.forEach((_, i) => {
                stepper.go(i);
                for (const input of document.querySelectorAll(".panel .input"))
                    if (input.querySelector("details.doubt")) seen.add(+/d%(\\d+)/.exec(input.textContent)[1]);
                if (steps[i].kind === "gather" && document.querySelector("details.doubt")) seen.add(steps[i].op.last);
            });
            return [...checksOf.keys()].filter((node) => !seen.has(node));''')
        assert not hidden, hidden
        # All parts of a gradient beside each other, as many as there are uses.
        page.run('stepper.go(stepOf(ops.find((op) => op.name === "lstm_cell"), true))')
        assert 'THE PARTS THAT IT IS THE SUM OF' in page.text('.panel')
        # What repeats itself in time is called so, and what does not is not.
        assert page.run('return columns.every((column) => !column.time || column.unit === "step")')
        # Terms are explained where they stand.
        page.press(Keys.HOME)
        page.one('.term').click()
        assert 'the list of all ops' in page.run('return getComputedStyle(document.querySelector(".term:focus"), "::after").content')


def by_keys_and_touch():
    with Page('step.html', address='#step=3') as page:
        # Enter opens a heat map, which stays; arrow keys and a finger read its numbers; and it has the thumbnail's colours.
        page.run('stepper.go(stepOf(ops.filter((op) => op.name === "lstm_cell")[1], true))')
        canvas = page.run('return [...document.querySelectorAll(".sum canvas")].at(-1)')
        page.run('[...document.querySelectorAll(".sum canvas")].at(-1).focus()')
        page.press(Keys.ENTER)
        page.until(lambda: page.all('dialog'), 'the large heat map opens')
        page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        assert re.search(r'\[0, 1\] = |\[1\] = ', page.text('dialog p.mono')), page.text('dialog p.mono')
        colours = 'return [...arguments[0].getContext("2d").getImageData(0, 0, 1, 1).data].join()'
        assert page.driver.execute_script(colours, canvas) == page.driver.execute_script(colours, page.one('dialog canvas'))
        before = page.text('dialog p.mono')
        page.run('const c = document.querySelector("dialog canvas"), b = c.getBoundingClientRect();'
                 'c.dispatchEvent(new PointerEvent("pointerdown", {clientX: b.right - 4, clientY: b.top + 4}))')
        assert page.text('dialog p.mono') != before
        page.press(Keys.ESCAPE)
        page.until(lambda: not page.all('dialog'), 'the large heat map closes')
        # Space on what opens opens it, and plays nothing.
        page.run('document.querySelector(".panel summary").focus()')
        page.press(' ')
        assert page.run('return document.querySelector(".panel details").open') and page.run('return stepper.timer') is None
        # The focus stays where it was when the map is drawn anew.
        page.run('document.querySelector(".map [data-op]").focus()')
        focused = page.run('return document.activeElement.dataset.op')
        page.press(Keys.ENTER, Keys.ARROW_RIGHT)
        assert focused in page.run('return document.activeElement.dataset.key').split(), 'the op, or the fold that holds it'
        page.run('document.querySelector(".column button").focus()')
        page.press(Keys.ENTER)
        assert page.run('return document.activeElement.closest(".map") !== null')
        page.run('document.querySelector(".panel .link").focus()')
        page.press(Keys.ENTER)
        assert page.run('return document.activeElement.closest(".panel") !== null')


def of_unfused_ops():
    """Series are named by the words that they read, from the right end, and repeats that are no time are no steps."""
    subprocess.run([gradus, 'explain', '--model', 'm', 'the man ate an apple', '--unfused', '--check-seconds', '0', '--out', 'unfused.html'],
                   check=True, stdout=subprocess.DEVNULL)
    with Page('unfused.html') as page:
        series = page.run('''const series = {};
            for (const { series: i, unit, name } of columns) if (i) (series[i] ??= [unit]).push(name);
            return Object.values(series);''')
        source = ['the', 'man', 'ate', 'an', 'apple', '</s>']
        assert series[0] == ['step'] + source and series[1] == ['step'] + source[::-1], series
        assert series[2][0] == 'step' and series[2][-1] == '</s>', series
        assert series[3][0] == 'part' and set(series[3][1:]) == {None}, series
        assert page.run('return lanes().length') > 5 and 'No finite differences' in page.text('.panel')
        # A term at the end of a heading, and its meaning at the end of the page.
        page.run('stepper.go(columns.find((column) => column.name === "</s>").ops.at(-1).forwardStep)')
        page.one('.panel .term').click()
        assert 'a sentence ends here' in page.run('return getComputedStyle(document.querySelector(".term:focus"), "::after").content')


def is_readable(dark):
    """Text on what a page colours has a contrast of 4.5 or more (WCAG 2.2, 1.4.3)."""
    with Page('step.html', dark=dark) as page:
        page.run('stepper.go(stepOf(ops.find((op) => op.name === "softmax"), true))')
        for selector in ('.badge', '.panel .soft', '.panel .link', '.box.back', '.fold'):
            contrast = page.run(f'''const light = (colour) => colour.match(/[0-9.]+/g).slice(0, 3).map((x) => x / 255)
                .map((x) => (x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)).reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
                const inner = document.querySelector("{selector}");
                let outer = inner;
                while (/, 0\)/.test(getComputedStyle(outer).backgroundColor)) outer = outer.parentElement;
                const [a, b] = [light(getComputedStyle(inner).color), light(getComputedStyle(outer).backgroundColor)].sort((a, b) => b - a);
                return (a + 0.05) / (b + 0.05);''')
            assert contrast >= 4.5, (selector, dark, contrast)


of_a_neuron()
of_a_translator()
of_unfused_ops()
is_readable(dark=False)
is_readable(dark=True)
of_words()
by_keys_and_touch()
