"""test_player.py LESSON GRADUS FOLDER: the backprop player of lesson 1 and of a training step of a translator."""
import math
import os
import re
import subprocess
import sys

from browser import Keys, Page

lesson, gradus, folder = (os.path.abspath(argument) for argument in sys.argv[1:])
os.makedirs(folder, exist_ok=True)
os.chdir(folder)


def number(text):
    return float(text.replace('−', '-'))


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
        assert 'y = a ∘ b' in page.text('.panel')
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

        # Finite differences agree with every gradient.
        checked = page.run('''return pageData.checks.map(([node, index, gradient, step, plus, minus, rounding]) =>
            Math.abs((plus - minus) / (2 * step) - gradient) <= rounding + 0.02 * Math.abs(gradient))''')
        assert len(checked) >= 8 and all(checked), checked
        page.run('stepper.go(stepOf(ops.find((op) => op.node.name === "bias"), true))')
        details = page.one('details.doubt summary')
        details.click()
        assert '✓' in page.text('details.doubt') and '✗' not in page.text('details.doubt')

        # It plays and pauses by the space bar, and goes where a click leads.
        page.run('document.activeElement.blur()')
        page.press(Keys.HOME, ' ')
        page.until(lambda: page.run('return stepper.step') >= 2, 'play')
        page.press(' ')
        assert page.run('return stepper.timer') is None
        page.press(Keys.HOME)
        page.all('.box')[3].click()
        assert said(page).startswith('forward'), said(page)
        page.run('location.hash = "#step=5"')
        page.until(lambda: page.run('return stepper.step') == 5, 'a step by its address')

    with Page('backprop.html', 360, 700, dark=True, address='#step=9') as page:
        assert page.run('return stepper.step') == 9, 'the address opens a step'
        assert page.fails_to_scroll_sideways()
        assert page.one('.panel').is_displayed() and page.one('.map').is_displayed()
        before = said(page)
        page.one('button[aria-label^="step on"]').click()  # as a finger does
        assert said(page) != before


def of_a_translator():
    quiet = dict(check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run([gradus, 'train', '--toy', '--model', 'm', '--epochs', '1', '--seed', '1', '--force'], **quiet)
    subprocess.run([gradus, 'explain', '--model', 'm', 'the man eats an apple', '--target', "l'homme mange une pomme",
                    '--out', 'step.html'], **quiet)
    with Page('step.html') as page:
        assert page.seconds_to_open < 20  # on any machine, however busy
        agree = page.run('''return pageData.checks.map(([node, index, gradient, step, plus, minus, rounding]) =>
            Math.abs((plus - minus) / (2 * step) - gradient) <= rounding + 0.02 * Math.abs(gradient))''')
        assert len(agree) > 20 and all(agree), agree
        assert 'the man eats an apple' in page.text('header')
        lanes = page.text('.map')
        for lane in ('encoder', 'attention', 'cell', 'steps 1–'):
            assert lane in lanes, lane
        check_speed(page)
        # A step shows its column; the others of its series stay folded, until they are asked for.
        page.run('stepper.go(stepOf(ops.filter((op) => op.name === "softmax")[1], false))')
        assert re.search(r'▾ step 2 of \d+', page.text('.map')) and '▸ steps 3–' in page.text('.map')
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


of_a_neuron()
of_a_translator()
