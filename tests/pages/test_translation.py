"""test_translation.py GRADUS FOLDER: the translation player, of one model and of two."""
import math
import os
import re
import subprocess
import sys

from browser import Keys, Page
from reference_translator import ReferenceTranslator
from selenium.webdriver.common.action_chains import ActionChains

gradus, folder = (os.path.abspath(argument) for argument in sys.argv[1:])
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
SOURCE = 'the woman ate the red apples'


def run(*words):
    return subprocess.run([gradus, *words], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def number(text):
    return float(text.replace('−', '-'))


def said(page):
    return page.text('output')


def close(a, b, tolerance):
    assert len(a) == len(b) and all(abs(x - y) <= tolerance for x, y in zip(a, b)), (a, b)


def drag(page, slot, share):
    """Takes the bar's slot by the mouse and leaves it at that share of its height."""
    box = page.one(slot).rect
    x, bottom = round(box['x'] + box['width'] / 2), round(box['y'] + box['height'])
    actions = ActionChains(page.driver, duration=20)
    actions.w3c_actions.pointer_action.move_to_location(x, bottom - 3).pointer_down()
    actions.w3c_actions.pointer_action.move_to_location(x, bottom - round(share * box['height'])).pointer_up()
    actions.perform()


def of_one_model():
    output = run('attend', '--model', 'bahdanau', SOURCE, '--saliency', '--out', 'one.html')
    target = output.split('\n')[0]
    for name, text in (('s', SOURCE), ('t', target)):
        with open(name, 'w', encoding='utf-8') as file:
            file.write(text + '\n')
    score = float(run('score', '--model', 'bahdanau', 's', 't'))
    with Page('one.html') as page:
        assert page.seconds_to_open < 20  # on any machine, however busy
        assert f'log P of the translation\n−{-score:.4f}' in page.text('header'), (page.text('header'), score)
        assert target in page.text('header')
        assert said(page) == 'before the first word'
        source, words = page.run('return [models[0].source, models[0].target]')
        assert source == SOURCE.split() + ['</s>']

        # Keys: the encoder in both directions, then the parts of each word.
        page.press(Keys.ARROW_RIGHT)
        assert said(page) == 'read → 1 of 7: the' and 'LSTM(x₁, 0)' in page.text('.panel')
        assert len(page.all('.source canvas')) == 1
        for _ in range(7):
            page.press(Keys.ARROW_RIGHT)
        assert said(page) == 'read ← 7 of 7: </s>'
        page.press(Keys.SHIFT + Keys.ARROW_RIGHT)
        assert said(page) == f'word 1 of {len(words)}: 1. query' and page.run('return location.hash') == '#step=15'
        titles = ['1. Query', '2. Scores', '3. Weights', '4. Context', '5. Combine', '6. Output']
        for title in titles:
            assert page.text('.panel h2') == title
            assert page.text('.chip.now') == ('?' if title != titles[-1] else words[0])
            assert {chip.text for chip in page.all('.chip:not(.now)')} == {'·'}, 'words to come are not told'
            assert bool(page.all('.likely')) == (title == titles[-1])
            page.press(Keys.ARROW_RIGHT)
        assert said(page).startswith('word 2 of')
        page.press(Keys.SHIFT + Keys.ARROW_LEFT)
        assert said(page).startswith('word 1 of')
        page.all('.chip')[3].click()
        assert said(page).startswith('word 4 of')

        # All that is shown is what the formulas make of the model's file.
        steps = ReferenceTranslator('bahdanau').steps(source, words)
        assert abs(sum(math.log(step['probabilities'][vocabulary.index(word)]) for step, word in zip(steps, words)) - score) < 1e-4
        for t, step in enumerate(steps):
            page.run(f'stepper.go(stepOf({t}, 5))')
            close([number(cell.text) for cell in page.all('.score')], step['scores'], 0.006)
            close([number(cell.text) for cell in page.all('.number')], step['weights'], 6e-4)
            likeliest = sorted(range(len(vocabulary)), key=lambda i: -step['probabilities'][i])[:5]
            assert [word.text for word in page.all('.likely .word')][:5] == [vocabulary[i] for i in likeliest]
            best = max(range(len(source)), key=lambda j: step['scores'][j])
            assert f'looked most at “{source[best]}”' in page.text('.reason') and 'its score is the largest' in page.text('.reason')

        # The page computes probabilities anew, and without a change they are the model's.
        error = page.run('return recomputationError(models[0])')
        assert error < 1e-4, error
        # A bar, dragged by the mouse: the word becomes what the formulas make of these weights.
        page.run('stepper.go(stepOf(2, 2))')
        before = vocabulary[max(range(len(vocabulary)), key=lambda i: steps[2]['probabilities'][i])]
        assert 'drag a bar' in page.text('.hand')
        drag(page, '.slot[data-j="1"]', 0.97)
        weights = page.run('return weightsAt(models[0], 2)')
        assert 0.94 < weights[1] < 0.99 and abs(sum(weights) - 1) < 1e-5, weights
        expected = ReferenceTranslator('bahdanau').steps(source, words, {2: weights})[2]['probabilities']
        word = vocabulary[max(range(len(vocabulary)), key=lambda i: expected[i])]
        assert word != before, 'the case is one in which the word changes'
        assert page.text('.verdict') == f'With your weights the likeliest word is “{word}” instead of “{before}”.', page.text('.verdict')
        close(page.run('return [...recompute(models[0], 2, weightsAt(models[0], 2)).probabilities]'), expected, 1e-5)
        assert page.text('.hand .likely .word') == word
        page.one('.slot[data-j="1"]').click()  # in its middle
        page.press(Keys.ARROW_UP)
        assert abs(page.run('return weightsAt(models[0], 2)[1]') - 0.55) < 0.02
        page.click('.reset')
        assert page.run('return hands.size') == 0 and 'drag a bar' in page.text('.hand')

        # Numbers look alike wherever they stand: one minus sign, and as many digits.
        assert '-' not in page.text('header') and page.run('return !/[^a-z]-\\d/.test(document.querySelector(".panel").innerText)')

        # Gradients beside the weights, and all of both at once.
        assert len(page.all('.slot .salient')) == len(source) and 'Attention is not explanation' in page.text('.panel')
        # The focus stays where it was when the page is drawn anew, and arrow keys lead from tab to tab.
        for selector in ('.slot[data-j="1"]', '.chip'):
            page.run(f'document.querySelector(\'{selector}\').focus()')
            key = page.run('return document.activeElement.dataset.key')
            page.run('stepper.go(stepOf(2, 3)); stepper.go(stepOf(2, 2))')
            assert key and page.run('return document.activeElement.dataset.key') == key
        page.click('[data-view=words]')
        page.press(Keys.ARROW_RIGHT)
        assert page.run('return [view, document.activeElement.dataset.view, stepper.step === stepOf(2, 2)]') == ['all', 'all', True]
        assert len(page.all('.weights table')) == 2 and len(page.all('.weights tr.now')) == 2
        # The search: its winner is the translation, and what was pruned can be hidden.
        page.click('[data-view=search]')
        winner = [node.get_attribute('aria-label').split(': log P')[0] for node in page.all('.tree .won')]
        assert winner == [' '.join(words[:i + 1]) for i in range(len(words))], winner
        assert page.all('.tree .pruned')
        page.click('.legend input')
        assert not page.all('.tree .pruned') and page.all('.tree .kept')
        page.press(Keys.END)
        page.click('[data-view=words]')
        assert abs(number(page.text('.logp')) - score) < 1e-4
        times = page.run('return steps.map((_, i) => { const begin = performance.now(); stepper.go(i); return performance.now() - begin; })')
        assert sorted(times)[len(times) // 2] < 300, times  # a quiet machine takes a tenth
    for address in ('#step=3', '#step=20', '#step=30'):
        with Page('one.html', 360, 700, dark=True, address=address) as page:
            assert page.run('return `#step=${stepper.step}`') == address, 'the address opens a step'
            assert page.fails_to_scroll_sideways()
            before = said(page)
            page.one('button[aria-label^="next step"]').click()  # as a finger does
            assert said(page) != before
            for view in ('all', 'search', 'words'):
                page.click(f'[data-view={view}]')
                assert page.fails_to_scroll_sideways()


def scores_and_words_are_told_apart():
    with Page('one.html', address='#step=15') as page:
        # Factors that can be computed anew from the exponents that stand there.
        told = 0
        for t in range(page.run('return T')):
            page.run(f'stepper.go(stepOf({t}, 2))')
            for exponent, factor in re.findall(r'e\^(\S+) ≈ (\S+) times', page.text('.panel')):
                told += 1
                assert abs(math.exp(float(exponent)) / float(factor) - 1) < 0.0051, (exponent, factor)
            rows = [[cell.text for cell in row.find_elements('css selector', 'td')][:2] for row in page.all('.panel .numbers tr')][1:]
            assert all(SOURCE.split()[int(place) - 1] == word for place, word in rows if word != '</s>'), rows
        assert told > 3
        # A score is the sum of the terms that stand there.
        page.run('stepper.go(stepOf(1, 1))')
        errors = page.run('''return models[0].steps.flatMap((step, t) => step.score.map((score, j) =>
            Math.abs(score - scoreTerms(models[0], t, j).reduce((sum, { term }) => sum + term, 0))))''')
        assert len(errors) == 7 * page.run('return T') and max(errors) < 1e-4, errors
        assert page.all('.terms td')[-1].text == page.text('.score.best')
        # Colours show how far a score is below the largest, and can be read.
        page.run('stepper.go(stepOf(1, 1))')
        cells = page.run('''const light = (text) => { const [r, g, b] = text.match(/\\d+/g).map((x) => (x /= 255) <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
              return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
            return [...document.querySelectorAll(".score")].map((cell) => { const style = getComputedStyle(cell);
              return [Number(cell.textContent.replace("−", "-")), light(style.backgroundColor), light(style.color)]; })''')
        assert all((max(a, b) + 0.05) / (min(a, b) + 0.05) >= 4.5 for _, a, b in cells), cells
        order = [paper for _, paper, _ in sorted(cells, reverse=True)]
        assert order == sorted(order) and order[0] < 0.3, order
        best = max(cells)[0]
        assert all(paper == 1 for score, paper, _ in cells if best - score > 6.02), cells
        page.press(Keys.END)
        assert 'Gates between' not in page.text('.panel')
        page.press(Keys.HOME)
        assert "c' = f ∘ c + i ∘ g" in page.text('.panel') and '</s>, the end of the sentence' in page.text('.panel')
        assert [chip.text for chip in page.all('.chip')][-1] == '</s>'
    source = 'the זזז ate the xyzzy ' + 'apples ' * 150
    done = subprocess.run([gradus, 'attend', '--model', 'bahdanau', source, '--target', 'la femme', '--out', 'unknown.html'], check=True,
                          capture_output=True, text=True)
    assert done.stderr == 'gradus: attend: not in the vocabulary of the source: זזז xyzzy; the model reads each as <unk>\n', done.stderr
    with Page('unknown.html', 360, 700) as page:
        unknown = page.all('.word.unknown')
        assert [word.text for word in unknown] == ['\u2068זזז\u2069', 'xyzzy'] and '<unk>' in unknown[0].get_attribute('title')
        assert page.one('header').rect['height'] < 200, 'a long sentence leaves room for what it is about'
        assert page.one('.controls').rect['y'] < 250


def of_two_models():
    output = run('attend', '--model', 'bahdanau', 'luong', SOURCE, '--target', 'la femme mange les pommes', '--out', 'two.html')
    assert output.startswith('la femme mange les pommes\nlog P ') and ' by luong\n' in output
    with Page('two.html') as page:
        assert not page.all('[data-view=search]'), 'nothing was searched'
        page.run('stepper.go(stepOf(1, 4))')
        names = [title.text for title in page.all('.model h2')]
        assert names == ['bahdanau', 'luong']
        panel = page.text('.panel')
        assert 's₂ = LSTM([y₁; c₂], s₁)' in panel and 'r₂ = tanh(W [s₂; c₂; y₁] + b)' in panel, 'Bahdanau'
        assert 'h̃₂ = tanh(W_c [c₂; h₂])' in panel and 'the attentional state' in panel, 'Luong'
        assert page.run('return models.every((model) => model.error < 1e-4)')
        page.run('stepper.go(stepOf(1, 1))')
        assert [table.find_elements('css selector', 'td')[-1].text for table in page.all('.terms')] == [cell.text for cell in page.all('.score.best')]
        page.click('[data-view=all]')
        a, b, difference = page.all('.weights')
        assert 'difference' in difference.text
        cells = [[cell.get_attribute('title') for cell in table.find_elements('css selector', 'td')] for table in (a, b, difference)]
        for x, y, z in zip(*cells):
            x, y, z = (number(title.rsplit(' ', 1)[1]) for title in (x, y, z))
            assert abs(x - y - z) < 2e-4, (x, y, z)
    with Page('two.html', 360, 700, address='#step=25') as page:
        assert page.fails_to_scroll_sideways()


def of_a_large_model():
    """One whose layers are too large for a page: it says so."""
    with Page('large.html') as page:
        page.press(Keys.END, Keys.ARROW_LEFT)
        assert 'The bars cannot be dragged here' in page.text('.hand') and 'MB' in page.text('.hand')
        assert not page.all('.slot.held')


for name, options in (('bahdanau', ()), ('luong', ('--attention', 'luong')), ('large', ('--embedding', '512', '--max-minutes', '0.02'))):
    run('train', '--toy', '--model', name, '--epochs', '1', '--seed', '1', '--force', *options)
with open('bahdanau/target.vocab', encoding='utf-8') as file:
    vocabulary = file.read().split('\n')[:-1]
of_one_model()
scores_and_words_are_told_apart()
of_two_models()
run('attend', '--model', 'large', SOURCE, '--out', 'large.html')
of_a_large_model()
