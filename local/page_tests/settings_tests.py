"""Tests of the settings, their mistakes, and what they give."""
import re


def mistake_is_shown_beside_its_field_as_check_says_it(new_page):
    with new_page() as one:
        one.choose()
        one.page.fill("#quality", "101")
        one.page.wait_for_selector("#mistake-QUALITY:not([hidden])")
        assert [one.page.inner_text("#mistake-QUALITY")] == one.check(QUALITY="101")
        assert one.page.get_attribute("#quality", "aria-invalid") == "true"
        assert one.page.get_attribute("#quality", "aria-describedby") == "mistake-QUALITY"
        assert one.page.inner_text("#mistakes-status").startswith("Mistakes: 1. QUALITY")
        one.page.fill("#size-1-width", "4oo")
        one.page.wait_for_selector("#size-1-mistake:not([hidden])")
        sentences = one.check(THUMBNAILS="small=150x150;card=4oox300/fit/cover/gravity/auto;large=1200x1200")
        assert [one.page.inner_text("#size-1-mistake")] == sentences, sentences
        assert one.page.get_attribute("#gallery", "class") == "gallery stale"
        one.screenshot("mistakes")
        one.page.fill("#size-1-width", "400")
        one.change("#quality", "60")
        assert one.page.query_selector_all(".mistake:not([hidden])") == []


def text_of_variables_and_file_are_tried(new_page):
    with new_page() as one:
        one.choose()
        one.page.click("#mode-variables")
        one.change("#variables", "THUMBNAILS=imageMogr2/thumbnail/!50p\nFORMAT=png")
        assert one.thumbnails()[0][1:] == [1024, 683], one.thumbnails()
        one.page.fill("#variables", "THUMBNAIL=3x")
        one.page.wait_for_selector("#variables-mistakes .mistake")
        assert one.page.inner_text("#variables-mistakes").splitlines() == one.check(THUMBNAIL="3x")
        one.page.fill("#variables", "PATH=/tmp")
        one.page.wait_for_function("() => document.querySelector('#variables-mistakes').textContent.startsWith('PATH')")
        one.page.fill("#variables", "THUMBNAILS=icon=64x64")
        before = one.version()
        one.page.click("#mode-file")
        one.wait_for_run(before)
        assert '"icon": "64x64"' in one.page.input_value("#file-text")
        one.change("#file-text", '{"rules":[{"thumbnails":{"icon":{"size":"32x32","fit":"pad","background":"#ff0000"}}}]}')
        assert one.thumbnails() == [["icon", 32, 32]], one.thumbnails()
        assert "--config thumbnails.json" in one.output("deploy")
        one.page.fill("#file-text", '{"rules":[{"qualiy":1}]}')
        one.page.wait_for_selector("#file-mistakes .mistake")
        assert "thumbnails.json has no member rules[0].qualiy" in one.page.inner_text("#file-mistakes")
        one.page.click("#mode-form")
        assert one.page.input_value("#size-0-name") == "icon"


def outputs_are_copied(new_page):
    with new_page() as one:
        one.page.fill("#place-source", "my-photos-1250000000")
        one.choose()
        expected = {
            "variables": "THUMBNAILS=small=150x150;card=400x300/fit/cover/gravity/auto;large=1200x1200",
            "file": '"large": "1200x1200"',
            "policy": "my-photosresized-1250000000",
            "triggers": "cos:ObjectRemove:*",
            "deploy": "scripts/deploy \\\n  --region ap-guangzhou \\\n  --source my-photos-1250000000",
            "html": "https://my-photosresized-1250000000.cos.ap-guangzhou.myqcloud.com/small/photos/lake.jpg 150w",
        }
        for name, part in expected.items():
            assert part in one.output(name), (name, one.output(name))
            one.page.click("#output-panel .copy")
            one.page.wait_for_function("() => document.querySelector('#output-panel .copy').textContent === 'Copied'")
            assert part in one.page.evaluate("navigator.clipboard.readText()"), name
        one.page.click("#output-cost")
        one.page.click("#output-panel .copy")
        one.page.wait_for_function("() => document.querySelector('#output-panel .copy').textContent === 'Copied'")
        copied = one.page.evaluate("navigator.clipboard.readText()")
        assert re.search(r"^Computing\t[\d,]+ GB-seconds at 512 MB\t[\d,.]+ USD$", copied, re.MULTILINE), copied
        sum_before = one.page.inner_text("#output-panel .sum")
        one.page.fill("#cost-gb_second", "1")
        assert one.page.inner_text("#output-panel .sum") != sum_before
        one.page.fill("#cost-ms", "100")
        one.page.fill("#cost-requests", "0")
        one.page.fill("#cost-invocations", "0")
        one.page.fill("#cost-gb_second", "0.0000167")
        # A million times 0.1 s at half a GB.
        assert "0.84 USD" in one.page.inner_text("#output-panel .sum"), one.page.inner_text("#output-panel .sum")


TESTS = [
    mistake_is_shown_beside_its_field_as_check_says_it,
    text_of_variables_and_file_are_tried,
    outputs_are_copied,
]
