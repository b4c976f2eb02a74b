-- Returns the heat of whole buckets of five minutes of browsers, computed from samples and their scenes:
-- one row for each page, width class and pointer type in a bucket. docs/metrics.md (Heat) defines every
-- number. This is the one place where heat is computed: drains, checks and reads all call it.
--
-- `cells`, `dwells` and `samples` have an element for each cell, in the order of `cells`. A cell is one
-- int: its row * 65536 + its column + 32768. Rows and columns end at -32768 and 32767. Times are whole µs,
-- as samples have them, so that their sums are exact in any order and on every level.
--
-- `idle_gap` is in µs. `buckets` are whole buckets, not sealed.
--
-- The scene of a sample is the last one with (time, seq) <= its own. A binary search in an array finds the
-- scenes up to its time. The tracker sends a scene with the very time and seq of its first sample, so the
-- neighbour in the array decides that case; only several scenes of one time are counted. Times are epoch
-- microseconds, which a double holds exactly until 2106. Joined pages, width classes and pointer types are
-- one number (`kind`), so that cells are grouped by integers.
--
-- It is a function so that a session plans it once, for all chunks. The planner expects few spans, and
-- would look through all of them for each sample, so nested loops are only for what needs them.
-- Locks: none. Snapshot: that of the calling statement (`stable`).
create or replace function analytics_heat(
    browsers bigint[], buckets tstzmultirange[], idle_gap int
) returns table (
    browser_id bigint, "time" timestamptz, page_id int, width_class smallint, pointer text,
    events int, distance float8, moving_us bigint, dwell_us bigint,
    cells int[], dwells int[], samples int[]
)
language plpgsql stable parallel safe rows 100
set plan_cache_mode = force_generic_plan set timescaledb.enable_runtime_exclusion = off
set enable_nestloop = off as $$
#variable_conflict use_column
declare
    since timestamptz := (select min(lower(one)) from unnest(buckets) one);
    until timestamptz := (select max(upper(one)) from unnest(buckets) one);
    length interval := interval '5 minutes';
begin
    return query
    with span as materialized (
        select row_number() over () as no, one.browser_id, lower(one.span) as floor,
               upper(one.span) as ceiling
        from (
            select each.browser_id, unnest(each.buckets) as span
            from unnest(browsers, buckets) as each (browser_id, buckets)
        ) one
    ), scene as materialized (
        select span.no, found.*,
               (array[0, 480, 768, 1024, 1440, 1920])[
                   1 + width_bucket(viewport_width::float8, array[480, 768, 1024, 1440, 1920]::float8[])
               ]::smallint as width_class
        from span cross join lateral (
            (select time, seq, scroll_x, scroll_y, page_id, viewport_width, pointer
             from analytics_pointerscene
             where browser_id = span.browser_id and time < span.floor and time < until
             order by time desc, seq desc limit 1)
            union all
            select time, seq, scroll_x, scroll_y, page_id, viewport_width, pointer
            from analytics_pointerscene
            where browser_id = span.browser_id and time >= span.floor and time < span.ceiling
                and time >= since and time < until
        ) found
    ), kind as materialized (
        select row_number() over ()::int as kind, one.*
        from (select distinct page_id, width_class, pointer from scene where page_id is not null) one
    ), scenes as materialized (
        select no, array_agg((date_part('epoch', time) * 1e6)::bigint order by time, seq) as times,
               array_agg(seq order by time, seq) as seqs,
               array_agg(kind order by time, seq) as kinds,
               array_agg(scroll_x order by time, seq) as scrolls_x,
               array_agg(scroll_y order by time, seq) as scrolls_y
        from scene left join kind using (page_id, width_class, pointer) group by no
    ), sample as (
        select span.no, (date_part('epoch', span.floor) * 1e6)::bigint as floor,
               (date_part('epoch', span.ceiling) * 1e6)::bigint as ceiling,
               (date_part('epoch', found.time) * 1e6)::bigint as us, found.seq, found.x, found.y,
               found.enter
        from span left join lateral (
            select time, seq, x, y, enter from analytics_pointerpositionevent
            where browser_id = span.browser_id and time < span.floor
                and time >= since - interval '1 hour' and time < until
            order by time desc, seq desc limit 1
        ) last on true cross join lateral (
            select last.time, last.seq, last.x, last.y, last.enter where last.time is not null
            union all
            select at, seq, x, y, enter
            from analytics_sample_before(span.browser_id, span.floor) where last.time is null
            union all
            select time, seq, x, y, enter from analytics_pointerpositionevent
            where browser_id = span.browser_id and time >= span.floor and time < span.ceiling
                and time >= since and time < until
            union all
            (select time, seq, x, y, enter from analytics_pointerpositionevent
             where browser_id = span.browser_id and time >= span.ceiling and time >= since
             order by time, seq limit 1)
        ) found
        where span.no in (select no from scenes)
    ), step as (
        select no, floor, ceiling, us, seq, x, y,
               case when enter then 0
                    else coalesce(sqrt((x::float8 - lag(x) over run) ^ 2
                                     + (y::float8 - lag(y) over run) ^ 2), 0) end as distance,
               us - lag(us) over run as since_last,
               case when lead(us) over run is null then 0
                    else least(lead(us) over run - us,
                               case when lead(enter) over run then 250000 else 5000000 end)
               end as until_next
        from sample window run as (partition by no order by us, seq)
    ), placed as (
        -- `upto` counts the scenes up to the sample's time. Those of that very time decide by seq.
        select step.*, case
            when upto = 0 then 0
            when times[upto] < us or seqs[upto] <= seq then upto
            when upto = 1 or times[upto - 1] < us then upto - 1
            else (select count(*)::int from unnest(times, seqs) one (time, own)
                  where (time, own) <= (us, seq)) end as place
        from (
            select step.*, times, seqs, kinds, scrolls_x, scrolls_y,
                   width_bucket(us, times) as upto
            from step join scenes using (no)
            where us >= floor and us < ceiling
            offset 0
        ) step
    ), cell as (
        select no, us - us % 300000000 as bucket, kinds[place] as kind,
               greatest(least(floor((y::float8 + scrolls_y[place]) / 16), 32767), -32768)::int * 65536
                   + (greatest(least(floor((x::float8 + scrolls_x[place]) / 16), 32767), -32768)::int
                      + 32768) as cell,
               count(*)::int as samples, sum(distance) as distance,
               sum(least(since_last, idle_gap)) filter (where distance > 0) as moving,
               sum(until_next)::int as dwell
        from placed
        where kinds[place] is not null
        group by 1, 2, 3, 4
    )
    select span.browser_id, timestamptz 'epoch' + bucket * interval '1 microsecond', kind.page_id,
           kind.width_class, kind.pointer::text, total.events, total.distance, total.moving,
           total.dwell, total.cells, total.dwells, total.samples
    from (
        select no, bucket, kind, sum(samples)::int as events,
               sum(distance order by cell) as distance, coalesce(sum(moving), 0)::bigint as moving,
               sum(dwell)::bigint as dwell, array_agg(cell order by cell) as cells,
               array_agg(dwell order by cell) as dwells, array_agg(samples order by cell) as samples
        from cell group by no, bucket, kind
    ) total join span using (no) join kind using (kind);
end
$$;
