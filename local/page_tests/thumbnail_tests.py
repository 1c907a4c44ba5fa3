"""Tests of uploads, thumbnails and what is said about them."""
import re
import subprocess

from programs import FOLDER, PHOTO, ROOT


def upload_makes_thumbnails(new_page):
    with new_page() as one:
        one.choose()
        assert one.thumbnails() == [["small", 150, 100], ["card", 400, 300], ["large", 1200, 800]], one.thumbnails()
        steps = one.page.eval_on_selector_all(".steps > li .step b", "all => all.map(one => one.textContent)")
        assert steps == ["Upload", "Event", "Start", "Requests of the function to COS", "Stages of the work", "Memory", "Answer",
                         "Log"], steps
        assert "cos:ObjectCreated:Put" in one.page.inner_text("#timeline")
        one.screenshot("desktop")


def sample_drop_and_paste_are_uploads(new_page):
    with new_page() as one:
        one.page.click(".sample")
        one.wait_for_run(None)
        for kind in ("drop", "paste"):
            before = one.version()
            one.page.evaluate("""async kind => {
                const blob = await (await fetch('/api/samples/lake.jpg')).blob();
                const files = new DataTransfer();
                files.items.add(new File([blob], `${kind}.jpg`, { type: 'image/jpeg' }));
                const event = kind === 'drop'
                    ? new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true })
                    : new ClipboardEvent('paste', { clipboardData: files, bubbles: true, cancelable: true });
                document.querySelector('#drop').dispatchEvent(event);
            }""", kind)
            one.wait_for_run(before)
            assert f"photos/{kind}.jpg" in one.page.inner_text("#gallery"), kind


def change_of_a_size_renders_again(new_page):
    with new_page() as one:
        one.choose()
        one.change("#size-0-width", "90")
        assert one.thumbnails()[0] == ["small", 90, 60], one.thumbnails()
        before = one.version()
        one.page.click("text=WebP")
        one.wait_for_run(before)
        assert "WebP" in one.page.inner_text("#gallery")
        before = one.version()
        one.page.click("#add-size")
        one.wait_for_run(before)
        assert len(one.thumbnails()) == 4
        before = one.version()
        one.page.click(".size:last-child .remove")
        one.wait_for_run(before)
        assert one.output("variables").splitlines()[0].startswith("THUMBNAILS=small=90x150;"), one.output("variables")


def settings_that_change_during_their_check_are_not_run(new_page):
    with new_page() as one:
        one.choose()
        held, runs = [], []
        one.page.on("request", lambda request: runs.append(request.post_data) if request.url.endswith("/api/runs") else None)
        one.page.route("**/api/configuration", lambda route: route.continue_() if held else held.append(route))
        before = one.version()
        one.page.fill("#size-0-width", "90")
        while not held:
            one.page.wait_for_timeout(20)
        one.page.fill("#size-0-width", "80")
        held[0].continue_()
        one.wait_for_run(before)
        assert one.thumbnails()[0] == ["small", 80, 53], one.thumbnails()
        assert len(runs) == 1 and "small=80x" in runs[0], runs
        steps = one.page.eval_on_selector_all(".steps > li .step b", "all => all.map(one => one.textContent)")
        assert "Start" in steps, steps


def preview_is_shown_and_said_until_the_function_has_run(new_page):
    with new_page() as one:
        one.choose()
        one.wait_for_scores()
        # The run waits, so that the preview can be looked at.
        held = []
        one.page.route("**/api/runs", lambda route: held.append(route))
        one.page.fill("#size-0-width", "90")
        one.page.wait_for_selector("#gallery.preview")
        assert one.thumbnails()[0] == ["small", 90, 60], one.thumbnails()
        assert one.page.inner_text("#summary").startswith("Preview of these settings"), one.page.inner_text("#summary")
        assert one.version().startswith("/api/pictures/")
        assert one.page.is_disabled("#compare-0")
        one.screenshot("preview")
        before = one.version()
        one.page.wait_for_function("() => document.querySelector('.working')")
        while not held:
            one.page.wait_for_timeout(20)
        held[0].continue_()
        one.page.unroute("**/api/runs")
        one.wait_for_run(before)
        assert one.version().startswith("/api/objects/") and not one.page.query_selector("#gallery.preview")
        assert "peak memory" in one.page.inner_text("#summary")


def point_is_set_by_a_click_on_the_photo(new_page):
    with new_page() as one:
        one.choose()
        before = one.version()
        one.page.select_option("#size-1-gravity", "focus")
        one.wait_for_run(before)
        box = one.page.query_selector("#stage img").bounding_box()
        before = one.version()
        one.page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"])
        one.wait_for_run(before)
        text = one.output("variables")
        focus = re.search(r"card=400x300/fit/cover/focus/([\d.]+)x([\d.]+)", text)
        assert focus and abs(float(focus[1]) - 0.25) < 0.02 and abs(float(focus[2]) - 0.75) < 0.02, text
        one.page.eval_on_selector("#photo-title", "title => title.scrollIntoView()")
        one.screenshot("point")


def part_of_the_photo_is_the_one_that_the_function_took(new_page):
    with new_page() as one:
        one.choose()
        one.wait_for_scores()
        one.page.hover("figure:nth-child(1)")
        assert one.part() == [0, 0, 100, 100] and "whole photo" in one.page.inner_text("#part-text")
        one.page.hover("figure:nth-child(2)")
        left, top, width, height = one.part()
        # 2048 x 1365 pixels, scaled to 450 x 300, of which 400 columns are kept where the subject is.
        assert (top, height) == (0, 100) and abs(width - 400 / 4.5) < 0.1 and 0 <= left <= 100 - width, one.part()
        # The other edge is that of another gravity, and a preview knows it too.
        before = one.version()
        one.page.select_option("#size-1-gravity", "east")
        one.wait_for_run(before)
        one.page.wait_for_function("() => Math.abs(parseFloat(document.querySelector('#crop').style.left) - (100 - 400 / 4.5)) < 0.1")
        one.wait_for_scores()
        one.page.eval_on_selector("#photo-title", "title => title.scrollIntoView()")
        one.screenshot("part")


def other_files_and_buckets_are_told(new_page):
    with new_page() as one:
        one.page.set_input_files("#file", ROOT / "README.md")
        one.page.wait_for_selector("#notice.bad:not([hidden])")
        assert "the content is not a picture" in one.page.inner_text("#notice")
        one.choose(ROOT / "tests" / "data" / "truncated.jpg")
        assert "of this photo is damaged" in one.page.inner_text("#notice")
        # Chromium cannot show TIFF; the function makes JPEG of it.
        one.choose(ROOT / "tests" / "data" / "rgb.tif")
        assert "cannot show it" in one.page.inner_text("#source-facts")
        one.page.fill("#place-source", "bad")
        one.page.wait_for_selector("#place-mistakes .mistake")
        assert one.page.inner_text("#place-mistakes").startswith('"bad" is not a bucket name')
        one.page.fill("#place-source", "example-1250000000")
        one.page.click("#more summary")
        one.change("#field-SOURCE_PREFIX", "uploads/")
        assert "PUT uploads/rgb.tif" in one.page.inner_text("#timeline")
        one.page.fill("#field-SOURCE_SUFFIX", ".gif")
        one.page.wait_for_function("() => document.querySelector('#notice').textContent.includes('no rule covers')")


def program_that_has_ended_is_told(new_page):
    with new_page() as one:
        one.choose()
        one.page.route("**/api/configuration", lambda route: route.abort())
        one.page.fill("#size-0-width", "80")
        one.page.wait_for_selector("#notice:not([hidden])")
        assert "does not answer" in one.page.inner_text("#notice")
        assert len(one.problems) == 1 and "ERR_FAILED" in one.problems[0], one.problems
        one.problems.clear()
        one.page.unroute("**/api/configuration")
        one.change("#size-0-width", "70")
        assert not one.page.is_visible("#notice")


def photo_of_12_megapixels_is_timed(new_page):
    large = FOLDER / "large.jpg"
    with new_page() as one:
        subprocess.run([one.program, "render", "--process", "imageMogr2/thumbnail/4000x3000!", PHOTO, large], check=True,
                       stdout=subprocess.DEVNULL)
        one.choose(large)
        one.wait_for_scores()
        for width in range(120, 128):
            one.change("#size-0-width", str(width))
            one.wait_for_scores()
        # From the change to the first frame with the pictures, in ms. The first photo has no preview.
        for name in ("preview", "run"):
            times = one.page.evaluate(
                "name => performance.getEntriesByName(name, 'measure').map(one => [one.duration, one.detail.server])", name)
            assert times, name
            text = ", ".join(f"{total:.0f} ({server:.0f})" for total, server in times)
            print(f"  12 MP, ms from a change to the {name} on the screen (within the program): {text}")
        print(f"  {one.page.inner_text('#summary')}")


TESTS = [
    upload_makes_thumbnails,
    sample_drop_and_paste_are_uploads,
    change_of_a_size_renders_again,
    settings_that_change_during_their_check_are_not_run,
    preview_is_shown_and_said_until_the_function_has_run,
    point_is_set_by_a_click_on_the_photo,
    part_of_the_photo_is_the_one_that_the_function_took,
    other_files_and_buckets_are_told,
    program_that_has_ended_is_told,
    photo_of_12_megapixels_is_timed,
]
