"""test_flow.py GRADUS FOLDER: the page of gradients through time, of two models with and without attention."""
import os
import re
import subprocess
import sys

from browser import Keys, Page

gradus, folder = (os.path.abspath(argument) for argument in sys.argv[1:])
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
quiet = dict(check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def run(*words):
    return subprocess.run([gradus, *words], **quiet).stdout


def number(text):
    """`0.35`, `3.1×10⁻⁶`"""
    mantissa, _, power = text.partition('×10')
    return float(mantissa) * 10 ** int(power.translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789')) or 0)


def shown(page, figure=0):
    return page.all('.maps output')[figure].text


pairs = [('the men broke your red keys', 'les hommes ont cassé tes clés rouges'), ('the cat sleeps', 'le chat dort')]
for side, name in enumerate(('test.en', 'test.fr')):
    with open(name, 'w', encoding='utf-8') as file:
        file.writelines(pair[side] + '\n' for pair in pairs)
small = ['--toy', '--max-minutes', '0.02', '--epochs', '1', '--seed', '1', '--hidden', '32', '--force']
run('train', '--model', 'attention', *small)
run('train', '--model', 'rnn', *small, '--attention', 'none', '--cell', 'rnn', '--no-bidirectional')
command = ['flow', '--model', 'attention', 'rnn', '--test', 'test.en', 'test.fr']
table = run(*command)
told = run(*command, '--out', 'flow.html')
assert all(len(line) <= 80 for line in told.splitlines()), 'findings fit a terminal'
findings = told.replace('\n  ', ' ').splitlines()[:-1]
run(*command[:3], '--untrained', *command[4:], '--out', 'untrained.html')

with Page('flow.html') as page:
    assert page.driver.title == 'Gradients through time'
    assert [item.text for item in page.all('.findings li')] == findings, 'the page says what the terminal says'
    assert len(page.all('.chart path[d^=M]')) == 4, 'a curve a model, of the encoder and of the decoder'
    # The curve's numbers are those of the table, at the distance that arrow keys go to.
    chart = page.one('.chart svg')
    page.run('document.querySelector(".chart svg").focus()')
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    text = page.text('.chart output')
    assert text.startswith('3 steps away: ') and chart.get_attribute('aria-valuenow') == '3', text
    row = re.search(r'^  3 +(\S+) +(\S+)$', table, re.M).groups()
    for name, value in zip(('attention', 'rnn'), row):
        said = re.search(rf'{name} (\S+(?:×10\S+)?)', text).group(1)
        assert abs(number(said) - float(value)) <= 0.051 * float(value), (name, said, value)
    # The word's own state gets the whole.
    page.run('document.querySelectorAll(".chart svg")[1].focus()')
    page.press(Keys.HOME)
    own = re.fullmatch(r'0 steps away: attention (\S+) · rnn (\S+)', page.all('.chart output')[1].text)
    assert own and all(0.8 < float(share) <= 1 for share in own.groups()), page.all('.chart output')[1].text
    assert 'A state here is the hidden state h alone' in page.text('main')

    # Of two directions one shows the fall; all are a choice.
    assert page.run('return document.getElementById("part").value') == 'forward'
    assert 'It has no such states.' not in page.text('.maps')
    page.run('document.getElementById("part").value = "both"; document.getElementById("part").dispatchEvent(new Event("change"))')
    # A sentence is chosen by key, and each map shows its words.
    assert 'hommes' in page.text('.maps') and 'chat' not in page.text('.maps')
    page.run('document.getElementById("sentence").focus()')
    page.press(Keys.ARROW_DOWN)
    page.until(lambda: 'chat' in page.text('.maps'), 'the second sentence')
    assert len(page.all('.maps figure')) == 2 and 'hommes' not in page.text('.maps')
    assert len(page.all('.maps figure:last-child td[aria-label]')) == 4 * 4
    # Cells tell their number by pointer and by arrow keys: with tab to the map, and on in it.
    page.press(Keys.TAB, Keys.TAB)
    assert 'loss of “le” by the encoder\'s state at “the”' in shown(page), shown(page)
    page.press(Keys.ARROW_DOWN, Keys.END)
    text = shown(page)
    assert text.startswith('loss of “chat” by the encoder\'s state at “</s>”: ') and '2 steps away forward, 5 backward' in text, text
    norm = page.run('''const sentence = models[0].sentences[1];
        return Math.hypot(pageNumbers[sentence.forward[0] + 7], pageNumbers[sentence.backward[0] + 7])''')
    said, share = re.search(r': (.+?), (.+?) of its own state\'s,', text).groups()
    assert abs(number(said) - norm) <= 0.051 * norm, (text, norm)
    own = page.run('const [begin] = models[0].sentences[1].decoder; return Math.max(pageNumbers[begin + 4], pageNumbers[begin + 5])')
    assert abs(number(share) - norm / own) <= 0.051 * norm / own, (text, norm, own)
    page.all('.maps figure:last-child td[aria-label]')[0].click()
    assert '4 steps away' in shown(page, 1), shown(page, 1)
    # The decoder's states: no word reads a later one.
    page.run('document.getElementById("part").value = "decoder"; document.getElementById("part").dispatchEvent(new Event("change"))')
    assert len(page.all('.maps figure:last-child td[aria-label]')) == 4 * 5 // 2
    page.run('document.getElementById("part").value = "backward"; document.getElementById("part").dispatchEvent(new Event("change"))')
    assert 'It has no such states.' in page.text('.maps figure:last-child')

    # In the model without attention the gradient is smallest at the first word that was read; attention's reaches all.
    last, first = page.run('''const s = models[1].sentences[0].forward[0]; return [pageNumbers[s + 6], pageNumbers[s]]''')
    assert first < last

with Page('untrained.html', dark=True) as page:
    assert 'attention, untrained' in page.text('.legend')
for dark in (False, True):
    with Page('flow.html', 360, 700, dark=dark) as page:
        assert page.fails_to_scroll_sideways()
        page.one('.maps td[aria-label]').click()  # as a finger does
        assert shown(page).startswith('loss of “les” by')
        assert page.fails_to_scroll_sideways()
