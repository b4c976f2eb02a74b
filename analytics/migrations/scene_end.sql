-- Returns until when (inclusive) a scene of this time may hold: to the browser's next scene, or to its
-- last sample where there is none. A scene that arrives late changes the pages of the samples till then.
-- Locks: none. Snapshot: that of the calling statement (`stable`).
create or replace function analytics_scene_end(browser bigint, after timestamptz) returns timestamptz
language plpgsql stable set plan_cache_mode = force_generic_plan as $$
begin
    return coalesce(
        (select time from analytics_pointerscene
         where browser_id = browser and time > after order by time limit 1),
        (select time from analytics_pointerpositionevent
         where browser_id = browser and time > after order by time desc limit 1),
        after
    );
end
$$;
