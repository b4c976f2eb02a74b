-- Returns the statuses of a ladder's highest rung in whole buckets of browsers, computed from the rung
-- below it, which is read fresh itself. A bucket without finer statuses has none. This is the one place
-- where a status is made of finer ones: drains, checks, reads and views all call it.
--
-- `rungs` are the lengths in ms of some neighbouring rungs; what the first of them has stored counts as
-- complete. A drain names two, because it climbs one rung.
--
-- Sums are ordered, because sums of floats depend on the order: a status that is computed again is the
-- same to the last bit, by whichever caller.
--
-- It is a function so that a session plans it once, for all chunks. The executor then skips those outside
-- the buckets when it starts; to do so once more for each bucket would take most of the time. Locks: none. Snapshot: that of the calling statement (`stable`).
create or replace function analytics_climb(
    rungs int[], browsers bigint[], buckets tstzmultirange[]
) returns table (
    browser_id bigint, interval_ms int, "time" timestamptz, events bigint,
    traversed_distance float8, avg_velocity float8, peak_velocity float8, moving_time float8,
    start_x real, start_y real, end_x real, end_y real
)
language plpgsql stable parallel safe rows 50
set plan_cache_mode = force_generic_plan set timescaledb.enable_runtime_exclusion = off as $$
#variable_conflict use_column
declare
    n int := cardinality(rungs);
    rung int := rungs[n];
    level int := rungs[n - 1];
    length interval := rung * interval '1 millisecond';
    since timestamptz := (select min(lower(one)) from unnest(buckets) one);
    until timestamptz := (select max(upper(one)) from unnest(buckets) one);
begin
    return query
    with span as materialized (
        select one.browser_id, unnest(one.buckets) as span
        from unnest(browsers, buckets) as one (browser_id, buckets)
    ), fresh as materialized (
        select * from analytics_fresh_statuses(rungs[:n - 1], browsers, since, until)
    ), finer as (
        select stored.* from span cross join lateral (
            select browser_id, time, events, traversed_distance, peak_velocity, moving_time,
                   start_x, start_y, end_x, end_y
            from dashboard_pointerstatus
            where level = 1000 and browser_id = span.browser_id and interval_ms = level
                and time >= lower(span.span) and time < upper(span.span)
                and time >= since and time < until
            union all
            select browser_id, time, events, traversed_distance, peak_velocity, moving_time,
                   start_x, start_y, end_x, end_y
            from dashboard_coarsestatus
            where level > 1000 and browser_id = span.browser_id and interval_ms = level
                and time >= lower(span.span) and time < upper(span.span)
                and time >= since and time < until
        ) stored
        where (stored.browser_id, stored.time) not in (select browser_id, time from fresh)
        union all
        select fresh.browser_id, time, events, traversed_distance, peak_velocity, moving_time,
               start_x, start_y, end_x, end_y
        from fresh join span on span.browser_id = fresh.browser_id and span.span @> fresh.time
    )
    select browser_id, rung, time_bucket(length, time), sum(events)::bigint,
           sum(traversed_distance order by time),
           sum(traversed_distance order by time) / (rung / 1000.0::float8),
           max(peak_velocity), sum(moving_time order by time),
           first(start_x, time), first(start_y, time), last(end_x, time), last(end_y, time)
    from finer group by browser_id, time_bucket(length, time);
end
$$;
