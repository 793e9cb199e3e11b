"""screenshot.py PAGE[#ADDRESS] OUT.png [WIDTH] [HEIGHT] [dark]: a picture of a page, to look at."""
import sys

from browser import Page

path, _, address = sys.argv[1].partition('#')
width, height = (int(text) for text in (sys.argv[3:5] + ['1600', '900'][len(sys.argv[3:5]):]))
with Page(path, width, height, 'dark' in sys.argv, '#' + address if address else '') as page:
    page.screenshot(sys.argv[2])
