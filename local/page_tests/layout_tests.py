"""Tests of keyboard, colours, narrow windows and languages."""
import re

from programs import FOLDER


def keyboard_reaches_everything(new_page):
    with new_page() as one:
        one.page.keyboard.press("Tab")
        assert one.page.evaluate("document.activeElement.className") == "skip"
        one.page.focus("#mode-form")
        one.page.keyboard.press("ArrowRight")
        assert one.page.evaluate("document.activeElement.id") == "mode-variables"
        assert one.page.is_visible("#variables")
        one.page.keyboard.press("Home")
        one.choose()
        names = one.page.evaluate("""() => {
            const named = one => one.labels?.length || one.textContent.trim() || one.getAttribute('aria-label');
            const hidden = one => one.type === 'file' || one.getAttribute('aria-hidden') === 'true';
            return [...document.querySelectorAll('button, input, select, textarea')]
                .filter(one => !hidden(one) && !named(one)).map(one => one.outerHTML);
        }""")
        assert names == [], names
        roles = one.page.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
        assert len(roles) == len(set(roles)), [name for name in roles if roles.count(name) > 1]


def colours_follow_the_system_and_the_switch(new_page):
    background = "getComputedStyle(document.documentElement).backgroundColor"
    with new_page(scheme="dark") as one:
        one.choose()
        dark = one.page.evaluate(background)
        one.wait_for_scores()
        one.screenshot("dark")
        one.page.click("#theme [data-value=light]")
        light = one.page.evaluate(background)
        assert max(map(int, re.findall(r"\d+", dark)[:3])) < 60 and min(map(int, re.findall(r"\d+", light)[:3])) > 200
        one.page.reload()
        one.page.wait_for_selector("#sizes .size")
        assert one.page.evaluate(background) == light


def phone_of_360_pixels_has_no_overflow(new_page):
    with new_page(width=360, height=760) as one:
        one.choose()
        assert one.overflow() == 0
        one.screenshot("phone")
        one.wait_for_scores()
        one.page.click("#formats-2")
        one.page.wait_for_selector("#format-panel img")
        assert one.overflow() == 0
        one.page.eval_on_selector("#formats", "section => section.scrollIntoView()")
        one.page.screenshot(path=FOLDER / "phone-formats.png")
        for tab in ("variables", "file", "policy", "triggers", "deploy", "html", "cost"):
            one.page.click(f"#output-{tab}")
            assert one.overflow() == 0, tab
        for mode in ("variables", "file", "form"):
            one.page.click(f"#mode-{mode}")
            assert one.overflow() == 0, mode
        one.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert one.overflow() == 0
        # Thumbnails come directly after the photo.
        tops = [one.page.query_selector(name).bounding_box()["y"] for name in ("#photo-title", "#thumbnails-title", "#settings-title")]
        assert tops == sorted(tops), tops


def chinese_has_every_text(new_page):
    with new_page(locale="zh-CN") as one:
        assert one.page.evaluate("document.documentElement.lang") == "zh-CN"
        missing = one.page.evaluate("""async () => {
            const { texts } = await import('/texts.js');
            const [en, zh] = [Object.keys(texts.en), Object.keys(texts.zh)];
            const marks = text => (text.match(/\\{\\w+\\}/g) ?? []).sort().join();
            return [...en.filter(key => !(key in texts.zh)), ...zh.filter(key => !(key in texts.en)),
                ...en.filter(key => marks(texts.en[key]) !== marks(texts.zh[key] ?? ''))];
        }""")
        assert missing == [], missing
        one.choose()
        assert "共 3 张" in one.page.inner_text("#summary")
        one.wait_for_scores()
        one.screenshot("chinese")
        one.page.click("#language [data-value=en]")
        assert one.page.inner_text("#thumbnails-title") == "Thumbnails"
        assert "peak memory" in one.page.inner_text("#summary")


TESTS = [
    keyboard_reaches_everything,
    colours_follow_the_system_and_the_switch,
    phone_of_360_pixels_has_no_overflow,
    chinese_has_every_text,
]
