import pytest

from devhealth.pipelines.configuration.schedule import trouble


@pytest.mark.parametrize(
    "text",
    [
        "@daily",
        "@once",
        "* * * * *",
        "0 4 * * 1-5",
        "*/15 0-23/2 1,15 jan-mar,12 mon-FRI",
        "59 23 31 12 7",
        "0 0 * * sun",
    ],
)
def test_presets_and_five_fields_are_read(text):
    assert trouble(text) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@dayly", "is no preset: expected one of @once, @hourly, @daily"),
        ("daily", "is no schedule"),
        ("* * * *", "is no schedule"),
        ("* * * * * *", "is no schedule"),
        ("60 * * * *", "the minute of"),
        ("* 24 * * *", "the hour of"),
        ("* * 0 * *", "the day of the month of"),
        ("* * * 13 *", "the month of"),
        ("* * * * 8", "the day of the week of"),
        ("5-1 * * * *", "the minute of"),
        ("*/0 * * * *", "the minute of"),
        ("1,,2 * * * *", "the minute of"),
        ("*-3 * * * *", "the minute of"),
        ("mon * * * *", "the minute of"),
        ("* * * * monday", "the day of the week of"),
    ],
)
def test_anything_else_is_told_by_its_field(text, message):
    assert message in trouble(text)
