-- Returns, for each browser, the buckets of a ladder's highest rung that changes have not reached: marks
-- of this rung, or of one between it and the first, touch them. Marks of the first rung do not count.
-- Only buckets that start in [since, until) are returned; both are infinite or starts of buckets. Sealed
-- buckets keep what is stored, so they are left out.
--
-- `rungs` are the lengths in ms from the first rung to the highest. Null `browsers` means all.
--
-- Locks: none. Snapshot: that of the calling statement (`stable`), so marks and statuses agree.
create or replace function analytics_unclimbed(
    rungs int[], browsers bigint[], since timestamptz, until timestamptz
) returns table (browser_id bigint, buckets tstzmultirange)
language plpgsql stable parallel safe rows 50 set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
    n int := cardinality(rungs);
    length interval := rungs[n] * interval '1 millisecond';
begin
    return query
    select * from (
        select browser_id, range_agg(tstzrange(first, last + length))
            * tstzmultirange(tstzrange(greatest(analytics_unclimbed.since, (
                select time_bucket(length, before + length - interval '1 microsecond')
                from analytics_seal where level = rungs[n - 1]
            )), analytics_unclimbed.until)) as buckets
        from (
            select distinct mark.browser_id, time_bucket(length, mark.since) as first,
                time_bucket(length, mark.until) as last
            from analytics_dirtyrange mark
            where not mark.large and mark.rung = any(rungs[2:])
                and (browsers is null or mark.browser_id = any(browsers))
                and mark.since < analytics_unclimbed.until
                and mark.until >= analytics_unclimbed.since
        ) touched
        group by browser_id
    ) waiting
    where not isempty(waiting.buckets);
end
$$;
