"""A page in Chromium, without a window and without a network."""
import atexit
import functools
import os
import sys
import time

SKIPPED = 77  # what Meson takes for a skipped test
try:
    from selenium import webdriver
    from selenium.common.exceptions import JavascriptException
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    print('skipped: no python3-selenium')
    sys.exit(SKIPPED)
if not os.path.exists('/usr/bin/chromedriver'):
    print('skipped: no chromium-driver')
    sys.exit(SKIPPED)


@functools.cache
def browser():
    """One for all pages of a test: to start it takes seconds."""
    options = webdriver.ChromeOptions()
    for argument in ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars'):
        options.add_argument(argument)
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    driver = webdriver.Chrome(service=Service('/usr/bin/chromedriver', log_path=os.devnull), options=options)
    atexit.register(driver.quit)
    driver.set_script_timeout(300)  # on a machine that is busy or slow
    driver.execute_cdp_cmd('Network.enable', {})
    driver.execute_cdp_cmd('Network.emulateNetworkConditions',
                           {'offline': True, 'latency': 0, 'downloadThroughput': 0, 'uploadThroughput': 0})
    return driver


class Page:
    """An open page, one at a time. `with Page(path) as page:`; at the end it fails for an error that the page's code has thrown."""

    def __init__(self, path, width=1600, height=900, dark=False, address=''):
        self.driver = browser()
        command = self.driver.execute_cdp_cmd
        command('Emulation.setDeviceMetricsOverride', {'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': width < 600})
        command('Emulation.setEmulatedMedia', {'features': [{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}]})
        self.width = width
        begin = time.monotonic()
        self.driver.get('file://' + os.path.abspath(path) + address)
        self.seconds_to_open = time.monotonic() - begin

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        errors = [entry for entry in self.driver.get_log('browser') if entry['level'] == 'SEVERE']
        self.driver.get('about:blank')
        assert kind is not None or not errors, errors

    def press(self, *keys):
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        found = self.all(selector)
        assert found, f'nothing on the page is {selector}'
        return found[0]

    def text(self, selector):
        return self.one(selector).text

    def click(self, selector):
        self.one(selector).click()

    def run(self, script):
        return self.driver.execute_script(script)

    def fails_to_scroll_sideways(self):
        """The page itself is no wider than the window: only parts of it scroll."""
        return self.run('return document.documentElement.scrollWidth') <= self.width

    def until(self, condition, what, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f'not within {seconds} s: {what}'
            time.sleep(0.02)

    def screenshot(self, path):
        self.driver.save_screenshot(path)
