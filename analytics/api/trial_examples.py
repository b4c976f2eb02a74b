"""Examples of trials and studies for the OpenAPI description, built from the wire's types."""

from uuid import UUID

from analytics.api.trial_answers import (
    PathAnswer,
    PathsAnswer,
    SequenceAnswer,
    StudiesAnswer,
    StudyAnswer,
    ThroughputAnswer,
    TrialAnswer,
    TrialsAnswer,
)
from dashboard.api.examples import answer_example

START, END = "2026-11-23T12:00:00.000000Z", "2026-11-23T12:00:01.250000Z"
TRIALS = [
    answer_example(
        "a page of one",
        TrialsAnswer(
            [
                TrialAnswer(
                    id=7,
                    instance_id=UUID("6f2b1d0e-7c1a-4c63-9f1e-0a4d5e1f8b27"),
                    label="participant 7",
                    study="mt-1",
                    trial="12",
                    block="2",
                    condition="incongruent",
                    response="left",
                    correct=True,
                    state="ended",
                    started_at=START,
                    ended_at=END,
                    start_target=[600.0, 640.0, 80.0, 40.0],
                    targets={"left": [0.0, 0.0, 160.0, 90.0], "right": [1120.0, 0.0, 160.0, 90.0]},
                    samples=64,
                    rt=1.25,
                    mad=212.5,
                    mad_time=0.61,
                    md_above=212.5,
                    md_below=0.0,
                    ad=78.25,
                    auc=98304.5,
                    x_flips=1,
                    y_flips=0,
                    x_reversals=1,
                    y_reversals=0,
                    initiation_time=0.18,
                    idle_time=0.18,
                    hovers=1,
                    hover_time=0.18,
                    total_distance=1010.5,
                    velocity_max=2210.0,
                    velocity_max_time=0.7,
                    acceleration_max=38250.0,
                    sample_entropy=0.21,
                    target_distance=None,
                    overshoot=None,
                    overshoot_aside=None,
                    target_reentries=None,
                    axis_crossings=None,
                    direction_changes=None,
                    orthogonal_changes=None,
                    movement_variability=None,
                    movement_error=None,
                    movement_offset=None,
                    sample_rate=125.0,
                    longest_gap=0.016,
                    same_times=0,
                    resized=False,
                )
            ],
            "7",
        ),
        "200",
    )
]
THREE_STEPS = PathAnswer(
    7, "mt-1", "incongruent", [[0.0, 640.0, 660.0], [0.625, 700.5, 320.25], [1.25, 80.0, 45.0]]
)
PATH = [answer_example("three steps", THREE_STEPS, "200")]
PATHS = [
    answer_example("a page of one, cut to three steps", PathsAnswer([THREE_STEPS], "7"), "200")
]
STUDIES = [
    answer_example(
        "one",
        StudiesAnswer([StudyAnswer("mt-1", 40, 1600, 3, ["congruent", "incongruent"], START, END)]),
        "200",
    )
]
THROUGHPUT = [
    answer_example(
        "a page of one",
        ThroughputAnswer(
            [
                SequenceAnswer(
                    instance_id=UUID("6f2b1d0e-7c1a-4c63-9f1e-0a4d5e1f8b27"),
                    label="participant 7",
                    study="rings",
                    condition="A300 W30",
                    block="",
                    left_out=0,
                    trials=13,
                    errors=1,
                    error_rate=0.0769,
                    movement_time=0.5989,
                    amplitude=296.4,
                    width=27.1,
                    difficulty=3.58,
                    throughput=5.98,
                )
            ],
            None,
        ),
        "200",
    )
]
