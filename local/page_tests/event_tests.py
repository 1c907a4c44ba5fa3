"""Tests of the events tab in a browser."""


class Events:
    """The events tab of a page."""

    def __init__(self, one, bucket):
        self.page = one.page
        # Other tests leave other objects in other buckets.
        self.page.fill("#place-source", f"{bucket}-1250000000")
        self.page.click("#view [data-value=events]")
        self.page.wait_for_selector("#events-view:not([hidden])")
        self.page.wait_for_selector("#ev-kind option", state="attached")

    def act(self, button):
        """Presses a button that makes an event, and returns the number of the event."""
        before = self.count()
        self.page.click(button)
        self.page.wait_for_function("before => document.querySelectorAll('.ev-events > li').length > before", arg=before)
        return before + 1

    def count(self):
        return len(self.page.query_selector_all(".ev-events > li"))

    def outcomes(self, number):
        """Waits until an event is delivered, and returns status and outcome of each attempt."""
        event = f".ev-events > li[data-number='{number}']"
        self.page.wait_for_selector(f"{event}[data-state=delivered]", timeout=60_000)
        return self.page.eval_on_selector_all(
            f"{event} .ev-attempt", "all => all.map(one => `${one.querySelector('span').textContent.match(/\\d+$/)[0]} "
            "${one.querySelector('b').textContent}`)")

    def wait_for_state(self, text):
        self.page.wait_for_function("text => document.querySelector('#ev-state').textContent.includes(text)", arg=text)

    def etags(self, bucket):
        """The ETags that the rows of a bucket show, without repetition."""
        return self.page.eval_on_selector_all(
            f".ev-bucket:nth-child({bucket}) td code", "all => [...new Set(all.map(one => one.textContent))]")


def events_that_are_late_repeated_or_reversed_end_as_the_source(new_page):
    with new_page() as one:
        one.choose()
        events = Events(one, "late")
        one.page.fill("#ev-key", "photos/late.jpg")
        assert events.outcomes(events.act("#ev-upload")) == ["200 stored +3"]
        events.wait_for_state("The target matches the source")
        first = events.etags(1)
        one.page.check("#ev-hold")
        second, third = events.act("#ev-upload"), events.act("#ev-upload")
        events.wait_for_state("Stale: 3;")
        one.screenshot("events-held")
        one.page.click("#ev-reversed")
        assert events.outcomes(third) == ["200 stored +3"]
        # The late event of the second version finds the third.
        assert events.outcomes(second) == ["200 unchanged"]
        events.wait_for_state("The target matches the source")
        one.page.uncheck("#ev-hold")
        one.page.fill("#ev-copies", "2")
        one.page.select_option("#ev-kind", "copy")
        assert "events/copy.json" in one.page.inner_text("#ev-send-hint")
        assert events.outcomes(events.act("#ev-send")) == ["200 unchanged", "200 unchanged"]
        one.page.fill("#ev-copies", "1")
        assert events.etags(1) != first
        removal = events.act("#ev-remove")
        assert events.outcomes(removal)[0].startswith("200 removed")
        # Its upload comes once more, after the removal.
        one.page.click(f"#ev-again-{third}")
        one.page.wait_for_selector(f"li[data-number='{third}'] .ev-delivery:nth-of-type(3)")
        assert events.outcomes(third)[-1].startswith("200 "), events.outcomes(third)
        one.page.wait_for_function("() => !document.querySelector('#ev-buckets tr[data-key$=\"late.jpg\"]')")
        one.page.click("#ev-remove")
        one.page.wait_for_function("() => document.querySelector('#ev-mistake').textContent.includes('no such object')")
        one.screenshot("events")


def faults_are_switched_on_for_the_next_deliveries(new_page):
    with new_page(scheme="dark") as one:
        events = Events(one, "faults")
        one.page.fill("#ev-key", "photos/faults.jpg")
        one.page.check("#fault-slow_down")
        one.page.check("#fault-killed")
        assert events.outcomes(events.act("#ev-upload")) == ["439 the process ended during the invocation", "200 unchanged"]
        assert not one.page.is_checked("#fault-slow_down") and not one.page.is_checked("#fault-killed")
        one.page.click("summary:has-text('Requests:')")
        assert " 503 " in one.page.inner_text("details[open] pre")
        one.page.fill("#fault-corrupt-times", "5")
        one.page.check("#fault-corrupt")
        # No source is read for an event that changes nothing.
        assert events.outcomes(events.act("#ev-send")) == ["200 unchanged"]
        assert one.page.is_checked("#fault-corrupt") and one.page.input_value("#fault-corrupt-times") == "5"
        one.screenshot("events-dark")


def events_fit_a_phone_and_speak_chinese(new_page):
    with new_page(width=360, height=760, locale="zh-CN") as one:
        events = Events(one, "phone")
        one.page.fill("#ev-key", "photos/a very long name of a photo that does not fit a phone.jpg")
        events.outcomes(events.act("#ev-upload"))
        events.wait_for_state("目标与源对象一致")
        one.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert one.overflow() == 0
        one.screenshot("events-phone")
        # The thumbnails are as they were.
        one.page.click("#view [data-value=thumbnails]")
        one.choose()


TESTS = [
    events_that_are_late_repeated_or_reversed_end_as_the_source,
    faults_are_switched_on_for_the_next_deliveries,
    events_fit_a_phone_and_speak_chinese,
]
