-- Returns the statuses of a ladder's highest rung that start in [since, until) and that its drain will
-- compute as soon as everything has climbed: what is stored of the same buckets is out of date. Reads and
-- views put them in the place of stored ones, so that a reader finds every rung fresh.
--
-- For the parameters see analytics_unclimbed.
--
-- It runs with its owner's rights, because the views call it for analysts, who may not read our tables.
-- The views show all that it returns. Locks: none. Snapshot: that of the calling statement (`stable`).
create or replace function analytics_fresh_statuses(
    rungs int[], browsers bigint[], since timestamptz, until timestamptz
) returns table (
    browser_id bigint, interval_ms int, "time" timestamptz, events bigint,
    traversed_distance float8, avg_velocity float8, peak_velocity float8, moving_time float8,
    start_x real, start_y real, end_x real, end_y real
)
language plpgsql stable parallel safe rows 50
security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    waiting bigint[];
    buckets tstzmultirange[];
begin
    if cardinality(rungs) < 2 then
        return;
    end if;
    select array_agg(one.browser_id), array_agg(one.buckets) into waiting, buckets
    from analytics_unclimbed(rungs, browsers, since, until) one;
    if waiting is not null then
        return query select * from analytics_climb(rungs, waiting, buckets);
    end if;
end
$$;
revoke execute on function analytics_fresh_statuses from public;
