"""A page in a browser."""
import subprocess
import tempfile

from packages import CHROMIUM
from programs import FOLDER, PHOTO

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]


class Page:
    """A page in a browser with a profile of its own, which fails on any error that the console shows."""

    def __init__(self, playwright, server, width=1440, height=1000, scheme="light", locale="en-GB"):
        self.program = server.program
        self.profile = tempfile.TemporaryDirectory()
        self.context = playwright.chromium.launch_persistent_context(
            self.profile.name, executable_path=CHROMIUM, args=FLAGS, color_scheme=scheme, locale=locale,
            viewport={"width": width, "height": height}, permissions=["clipboard-read", "clipboard-write"])
        self.page = self.context.pages[0]
        self.problems = []
        self.page.on("console", lambda message: message.type in ("error", "warning") and self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: request.url.startswith((server.address, "blob:", "data:"))
                     or self.problems.append(f"a request to {request.url}"))
        self.page.goto(server.address)
        self.page.wait_for_selector("#sizes .size")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.screenshot("failure")
        self.context.close()
        self.profile.cleanup()
        if kind is None:
            assert not self.problems, self.problems

    def choose(self, photo=PHOTO):
        before = self.version()
        self.page.set_input_files("#file", photo)
        self.wait_for_run(before)

    def version(self):
        image = self.page.query_selector("#gallery img")
        return image.get_attribute("src") if image else None

    def wait_for_run(self, before):
        """Waits until thumbnails of a later run are shown, and are images."""
        self.page.wait_for_function(
            """before => {
                const images = [...document.querySelectorAll('#gallery img')];
                return images.length > 0 && images[0].getAttribute('src') !== before
                    && images.every(image => image.complete && image.naturalWidth > 0)
                    && !document.querySelector('.working');
            }""", arg=before, timeout=60_000)

    def change(self, selector, value):
        """Changes a setting and waits for its thumbnails."""
        before = self.version()
        self.page.fill(selector, value)
        self.wait_for_run(before)

    def wait_for_scores(self):
        """Waits until every thumbnail has its score."""
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('#gallery .score')].every(one => one.textContent && !one.textContent.includes('…'))",
            timeout=60_000)
        return self.page.eval_on_selector_all("#gallery .score", "all => all.map(one => one.textContent)")

    def wait_for_formats(self):
        """Waits until every format has its size, or the reason why it has none."""
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('#format-tabs [role=tab]')].every(tab => !tab.textContent.includes('…'))",
            timeout=120_000)

    def wait_for_picture(self, selector):
        """Waits until the browser shows an image."""
        self.page.wait_for_function("selector => document.querySelector(selector)?.naturalWidth > 0", arg=selector)

    def part(self):
        """The part of the photo that is drawn on it: left, top, width and height in percent."""
        return self.page.eval_on_selector(
            "#crop", "one => ['left', 'top', 'width', 'height'].map(name => parseFloat(one.style[name]))")

    def thumbnails(self):
        return self.page.eval_on_selector_all(
            "#gallery figure", "all => all.map(one => [one.querySelector('b').textContent, one.querySelector('img').naturalWidth,"
                               " one.querySelector('img').naturalHeight])")

    def output(self, name):
        self.page.click(f"#output-{name}")
        return self.page.inner_text("#output-panel pre")

    def screenshot(self, name):
        self.page.screenshot(path=FOLDER / f"{name}.png", full_page=True)

    def overflow(self):
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def check(self, **settings):
        """The mistakes that `cos-thumbnailer check` prints."""
        environment = {**settings, "USER_CODE_ROOT": str(FOLDER)}
        result = subprocess.run([self.program, "check"], env=environment, capture_output=True, text=True)
        assert result.returncode == 1
        return result.stderr.splitlines()
