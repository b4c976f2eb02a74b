-- Returns, for each browser, the buckets of five minutes whose stored heat is out of date: marks wait for
-- them, or for a rung through which samples reach heat (analytics/rollups/heat_marks.py). Only buckets
-- that start in [since, until) are returned. Sealed buckets keep what is stored, so they are left out.
--
-- A null `page` means all browsers that have been on any page; otherwise only those that were on this
-- one. Browsers that were on no page have no heat.
--
-- A new sample changes its own bucket, that of the sample before (its dwell ends elsewhere) and that of
-- the sample after (its segment starts elsewhere). A mark of heat has its neighbours' marks beside it.
--
-- Locks: none. Snapshot: that of the calling statement (`stable`), so marks, samples and heat agree.
create or replace function analytics_unmapped(
    page int, since timestamptz, until timestamptz
) returns table (browser_id bigint, buckets tstzmultirange)
language plpgsql stable parallel safe rows 50 set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
    length interval := interval '5 minutes';
    unsealed timestamptz := (
        select time_bucket(length, before + interval '1 hour' + length - interval '1 microsecond')
        from analytics_seal where level = 0
    );
begin
    return query
    with mark as (
        select mark.browser_id, mark.rung = -2 as is_scene, mark.rung > 0 as is_raw,
               min(mark.since) as since,
               max(mark.until + greatest(mark.rung, 0) * interval '1 millisecond') as until
        from analytics_dirtyrange mark
        where (mark.rung in (-1, -2) or mark.rung between 1 and 60000)
            and mark.browser_id in (
                select visit.browser_id from dashboard_pagevisit visit
                where page is null or visit.page_id = page
            )
        group by 1, 2, 3, time_bucket(length, mark.since), time_bucket(length, mark.until)
    ), touched as (
        select browser_id, since, case
            when is_scene then analytics_scene_end(browser_id, until) else until end as until
        from mark
        union all
        select mark.browser_id, before.at, before.at
        from mark cross join lateral analytics_sample_before(mark.browser_id, mark.since) before
        where is_raw
        union all
        select mark.browser_id, after.time, after.time
        from mark cross join lateral (
            select time from analytics_pointerpositionevent
            where browser_id = mark.browser_id and time >= mark.until order by time limit 1
        ) after
        where is_raw
    )
    select * from (
        select browser_id,
            range_agg(tstzrange(time_bucket(length, since), time_bucket(length, until) + length))
            * tstzmultirange(tstzrange(
                greatest(analytics_unmapped.since, unsealed),
                greatest(analytics_unmapped.since, unsealed, analytics_unmapped.until)
            )) as buckets
        from touched group by browser_id
    ) waiting
    where not isempty(waiting.buckets);
end
$$;
