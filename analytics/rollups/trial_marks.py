"""The marks of trials in the outbox, which ingest and the ladder leave for the drain of trials.

Nearly no browser has trials. So a mark is left only where a trial could change: by a mark of a
trial, or by a scene or a sample within a trial that is stored or waits. A trial appears in the same
moment in which its mark goes, so that one of the two is always seen.
"""

# The outbox's `rung` of new marks of trials, of scenes (which hold until the next one), of samples.
TRIAL_MARKS, TRIAL_SCENES, TRIAL_SAMPLES = -3, -4, -5
TRIALS = (TRIAL_MARKS, TRIAL_SCENES, TRIAL_SAMPLES)

# Beside HEAT_MARKS, by the rung that leaves those. A trial takes at most an hour.
OF_SAMPLES = """, trial_mark as (
    insert into analytics_dirtyrange (browser_id, since, until, rung)
    select browser_id, min(time), max(time) + %(interval)s - interval '1 microsecond', -5
    from changed
    where exists (
        select from analytics_trial trial
        where trial.browser_id = changed.browser_id and trial.ended_at >= changed.time
            and trial.started_at < changed.time + %(interval)s
            and trial.started_at >= changed.time - interval '1 hour'
    ) or exists (
        select from analytics_dirtyrange waiting
        where waiting.browser_id = changed.browser_id and waiting.rung = -3 and not waiting.large
    )
    group by browser_id, time_bucket('5 minutes', time)
)"""
