-- Returns the last sample before a moment, where a drain's first segment begins. A drain looks among the
-- samples of the last hour first and nearly always finds it there. This search plans for all chunks,
-- which takes longer than the rest of a small drain, so it is planned only when it is called.
--
-- Where retention has dropped that sample, the status of its second still has its position.
--
-- Locks: none. Snapshot: that of the calling statement (`stable`).
create or replace function analytics_sample_before(browser bigint, before timestamptz)
returns table (at timestamptz, x real, y real, seq int, enter bool)
language plpgsql stable set plan_cache_mode = force_generic_plan as $$
begin
    return query
    select * from (
        (select e.time, e.x, e.y, e.seq, e.enter from analytics_pointerpositionevent e
         where e.browser_id = browser and e.time < before
         order by e.time desc, e.seq desc limit 1)
        union all
        (select s.time, s.end_x, s.end_y, -1, false from dashboard_pointerstatus s
         where s.browser_id = browser and s.interval_ms = 1000 and s.time < before
         order by s.time desc limit 1)
    ) earlier (at, x, y, seq, enter) order by earlier.at desc, earlier.seq desc limit 1;
end
$$;
