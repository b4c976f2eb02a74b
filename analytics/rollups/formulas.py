"""The metrics of docs/metrics.md in SQL: statuses computed from samples or from finer statuses.

Each is a chain of common table expressions that reads `span (browser_id, span)`, ranges of whole
buckets of one rung, and ends in `fresh`, the statuses in them. Parameters: `rung`, its length in
ms; `interval`, the same as an interval; `level`, the one below it; `idle_gap` in s; `since`,
`until` and `recent`, see below.

Sums are ordered, because sums of floats depend on the order: a status that is computed again, with
other statuses or from other places on the disk, is the same to the last bit.
"""

# The first sample of a span has its segment from the previous sample, however old. No span begins
# before `since` or ends after `until`; these and `recent`, some time before `since`, are constants
# for the planner, which then skips all other chunks. A previous sample before `recent` is looked up
# separately (analytics/migrations/sample_before.sql).
FROM_SAMPLES = """
sample as (
    select s.browser_id, lower(s.span) as floor, time_bucket('100 ms', e.time) as start, e.*
    from span s left join lateral (
        select time, x, y, seq, enter from analytics_pointerpositionevent
        where browser_id = s.browser_id and time < lower(s.span) and time >= %(recent)s
            and time < %(until)s
        order by time desc, seq desc limit 1
    ) last on true cross join lateral (
        select last.time, last.x, last.y, last.seq, last.enter where last.time is not null
        union all
        select * from analytics_sample_before(s.browser_id, lower(s.span)) where last.time is null
        union all
        select time, x, y, seq, enter from analytics_pointerpositionevent
        where browser_id = s.browser_id and time >= lower(s.span) and time < upper(s.span)
            and time >= %(since)s and time < %(until)s
    ) e
), segment as (
    select browser_id, floor, start, time, seq, x, y,
           time_bucket(%(interval)s, start) as bucket,
           case when enter then 0
                else coalesce(sqrt((x::float8 - lag(x) over run) ^ 2
                                 + (y::float8 - lag(y) over run) ^ 2), 0) end as distance,
           date_part('epoch', time - lag(time) over run) as seconds,
           lag(time) over run as previous, lead(time) over run as next
    from sample
    window run as (partition by browser_id, floor order by start, time, seq)
), slice as (
    select browser_id, start, count(*) as events,
           sum(distance order by time, seq) as distance,
           sum(least(seconds, %(idle_gap)s) order by time, seq)
               filter (where distance > 0) as moving,
           max(x) filter (where previous is null or previous < bucket) as start_x,
           max(y) filter (where previous is null or previous < bucket) as start_y,
           max(x) filter (where next is null or next >= bucket + %(interval)s) as end_x,
           max(y) filter (where next is null or next >= bucket + %(interval)s) as end_y
    from segment where time >= floor
    group by browser_id, floor, start
), fresh as (
    select browser_id, %(rung)s as interval_ms, time_bucket(%(interval)s, start) as time,
           sum(events)::bigint as events,
           sum(distance order by start) as traversed_distance,
           sum(distance order by start) / (%(rung)s / 1000.0::float8) as avg_velocity,
           max(distance) / 0.1::float8 as peak_velocity,
           coalesce(sum(moving order by start), 0) as moving_time,
           max(start_x) as start_x, max(start_y) as start_y,
           max(end_x) as end_x, max(end_y) as end_y
    from slice group by browser_id, time_bucket(%(interval)s, start)
)"""

# The function has the formula, because reads and views need it too. It gets all spans at once.
FROM_STATUSES = """
fresh as (
    select climbed.* from (
        select array_agg(browser_id) as browsers, array_agg(spans) as spans
        from (select browser_id, range_agg(span) as spans from span group by browser_id) one
    ) whole cross join lateral analytics_climb(
        array[%(level)s, %(rung)s], whole.browsers, whole.spans
    ) climbed
)"""
