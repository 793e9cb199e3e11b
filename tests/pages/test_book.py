"""test_book.py BOOK.py FOLDER README STYLE PROGRAM...: makes the book of the lessons, and reads it from end to end."""
import glob
import html
import os
import re
import subprocess
import sys
from urllib.parse import unquote

from browser import Keys, Page
from doubts import check_doubts

make, folder, readme, style, *programs = (os.path.abspath(argument) for argument in sys.argv[1:])
subprocess.run([sys.executable, make, folder, readme, style, *programs], check=True)
os.chdir(folder)
lessons = os.path.dirname(readme)
names = sorted(os.path.basename(path)[:-4] for path in glob.glob(os.path.join(lessons, '*.cpp')))
assert len(names) > 10


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def text_of(page):
    return html.unescape(re.sub('<[^>]*>', '', page))


def every_lesson_is_in_it():
    for name in names:
        page = text_of(read(name + '.html'))
        source = read(os.path.join(lessons, name + '.cpp'))
        for line in source.split('\n'):
            if line.strip() and not line.lstrip().startswith('//'):
                assert line in page, f'{name}: the page lacks the line {line}'
            for word in re.findall(r'\w+', line):
                assert word.lower() in page.lower(), f'{name}: the page lacks {word}, of {line}'
        assert read(os.path.join(lessons, name + '.txt')) in page, f'{name}: the page lacks the output'
        assert all(written in page for written in os.listdir(name)), f'{name}: the page lacks a player'


def lessons_are_numbered_in_their_order():
    numbers = re.findall(r'<span class="number">(\d+)</span>', read('index.html'))
    assert numbers == [str(i) for i in range(len(names))] and all(name.startswith(f'{i:02}_') for i, name in enumerate(names))


def words_are_explained_where_they_come_first():
    glossary = text_of(read('glossary.html'))
    for word in ('logit', 'embedding', 'LSTM', 'GRU'):
        assert word in glossary, f'the glossary lacks {word}'
        first = next(name for name in names if word.lower() in text_of(read(name + '.html')).split('The program')[0].lower()
                     or word.lower() in read(os.path.join(lessons, name + '.cpp')).lower())
        assert re.search(f'<em>{word}s?</em>', read(first + '.html')), f'{first} is the first to say {word}, and does not explain it'


def links_lead_to_what_is_there():
    pages = glob.glob('*.html')
    assert sorted(pages) == sorted([name + '.html' for name in names] + ['glossary.html', 'index.html'])
    sources = glob.glob('source/**/*.html', recursive=True)
    assert 'source/autograd/tape.h.html' in sources and 'href="source/autograd/tape.h.html"' in read('01_backprop.html')
    for path in pages + sources:
        for target in re.findall(r'(?:href|src)="([^"]+)"', read(path)):
            file, _, place = unquote(target).partition('#')
            file = file and os.path.join(os.path.dirname(path), file)
            assert not file or os.path.isfile(file), f'{path} leads to {target}, which is not there'
            assert not place or f'id="{place}"' in read(file or path) or f'id={place}' in read(file or path), f'{path}: no {target}'
    for path in glob.glob('**/*', recursive=True):
        if os.path.isfile(path):
            others = [address for address in re.findall(r'https?://[^"\'\s<]*', read(path)) if not address.startswith('http://www.w3.org/')]
            assert not others, f'{path} names {others}'


def shows_itself(page, frame):
    """The player in the frame has drawn a step, and goes on to the next one by a key."""
    driver = page.driver
    driver.execute_script('arguments[0].scrollIntoView()', frame)
    driver.switch_to.frame(frame)
    page.until(lambda: page.all('.box, .fold') and page.all('output'), 'the player is there')
    page.run('document.querySelector("output").scrollIntoView()')
    assert page.text('output') == 'before the first op'
    page.one('.panel h2').click()
    page.press(Keys.ARROW_RIGHT)
    page.until(lambda: page.text('output').startswith('forward 1 of '), 'a step')
    check_doubts(page)
    assert not page.run('''return steps.filter((_, i) => {
        stepper.go(i);
        return /NaN|undefined|null|came from($|\\n)/.test(document.querySelector(".panel").innerText);
    }).length''')
    driver.switch_to.default_content()


def is_read_from_end_to_end():
    with Page('index.html') as page:
        listed = [os.path.basename(link.get_attribute('href')) for link in page.all('.lessons a')]
        assert sorted(listed) == [name + '.html' for name in names]
        seen, players = [], 0
        while page.all('a[rel=next]'):
            page.click('a[rel=next]')
            seen.append(os.path.basename(page.run('return location.pathname')))
            assert page.all('.program .line') and page.text('.output')
            for frame in page.all('iframe'):
                shows_itself(page, frame)
                players += 1
        assert seen == listed, (seen, listed)
        assert players == len(glob.glob('*/*.html')) >= 10, players
        page.run('scrollTo(0, 0)')
        page.click('nav a[href="index.html"]')
        page.press('n')
        page.until(lambda: page.run('return location.pathname').endswith(listed[0]), 'n is the next page')
        page.press('n')
        page.until(lambda: page.run('return location.pathname').endswith(listed[1]), 'n is the next page')
        page.press(Keys.ARROW_RIGHT, 'p')
        page.until(lambda: page.run('return location.pathname').endswith(listed[0]), 'p is the page before, and arrows are the players\'')
    with Page('index.html', 360, 700, dark=True) as page:
        for name in ['index', 'glossary', 'source/autograd/tape.h'] + names:
            page.driver.get('file://' + os.path.abspath(name + '.html'))
            assert page.fails_to_scroll_sideways(), name


def the_first_lessons_are_about_their_own_names():
    page_of = {name[3:]: os.path.join(name, file) for name in names for file in os.listdir(name)}
    with Page(page_of['one_multiplication'], address='#step=2') as page:
        assert 'loss = c ∘ c' in page.text('.panel') and 'c = %2' in page.text('.panel')
        page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        panel = page.text('.panel')
        assert 'dc += dloss ∘ c' in panel and 'dc → d%2' in panel and '2 of 2 gradients arrived' in panel
        assert 'A sum, since %2 is used more than once: by %3 mul twice' in panel and 'first to arrive' not in panel
        page.press(Keys.HOME)
        assert 'Each op stands to the right of all that it is computed from' in page.text('.panel') and 'rows are modules' not in page.text('.panel')
        assert '2 variables.' in page.text('.panel') and 'constant' not in page.text('.panel p'), 'of what there is, and no 0 constants'
    with Page(page_of['backprop'], 1504, 704) as page:
        assert page.run('return mapElement.scrollWidth <= mapElement.clientWidth'), 'all of the neuron is seen'
    with Page(page_of['local_attention']) as page:
        page.run('stepper.go(ops.find((op) => op.name === "exp").backwardStep)')
        shapes = page.run('return [...document.querySelectorAll(".panel .sum table")].map((table) => [...table.rows].map((row) => row.cells.length).join())')
        assert len(shapes) >= 3 and len(set(shapes)) == 1, f'equal places stand below each other: {shapes}'
        assert 'cannot be told from' in page.text('.panel')
    with Page(page_of['one_attention_step']) as page:
        assert 'No finite differences' in page.text('.panel')


every_lesson_is_in_it()
lessons_are_numbered_in_their_order()
words_are_explained_where_they_come_first()
links_lead_to_what_is_there()
the_first_lessons_are_about_their_own_names()
is_read_from_end_to_end()
