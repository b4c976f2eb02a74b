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
-- microseconds, which a double holds exactly until 2106. Each row of the result has a number (`bin`); the
-- buckets of a page, width class and pointer type follow each other. The number and the cell are one
-- integer (`key`), because one integer sorts faster than several columns.
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
        select span.no, span.floor, span.ceiling, found.*,
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
    ), bin as materialized (
        select row_number() over (order by no, page_id, width_class, pointer, bucket) as bin, one.*
        from (
            select kind.*, bucket
            from (
                select distinct no, floor, ceiling, page_id, width_class, pointer
                from scene where page_id is not null
            ) kind cross join generate_series(floor, ceiling - interval '1 us', length) bucket
        ) one
    ), scenes as materialized (
        select no, (date_part('epoch', scene.floor) * 1e6)::bigint as floor,
               (date_part('epoch', scene.ceiling) * 1e6)::bigint as ceiling,
               array_agg((date_part('epoch', time) * 1e6)::bigint order by time, seq) as times,
               array_agg(seq order by time, seq) as seqs,
               array_agg(bin order by time, seq) as first_bins,
               array_agg(scroll_x order by time, seq) as scrolls_x,
               array_agg(scroll_y order by time, seq) as scrolls_y
        from scene left join (select * from bin where bucket = floor) first
            using (no, page_id, width_class, pointer)
        group by no, scene.floor, scene.ceiling
    ), sample as (
        select span.no, (date_part('epoch', found.time) * 1e6)::bigint as us, found.seq, found.x, found.y,
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
        select no, us, seq, x, y,
               case when not enter then x::float8 - lag(x) over run end as dx,
               case when not enter then y::float8 - lag(y) over run end as dy,
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
            select us, seq, x, y, coalesce(sqrt(dx * dx + dy * dy), 0) as distance, since_last,
                   until_next, floor, times, seqs, first_bins, scrolls_x, scrolls_y,
                   width_bucket(us, times) as upto
            from step join scenes using (no)
            where us >= floor and us < ceiling
            offset 0
        ) step
    ), cell as (
        select (first_bins[place] + (us - floor) / 300000000) * 4294967296
                   + greatest(least(floor((y::float8 + scrolls_y[place]) / 16) + 32768, 65535), 0)::bigint
                     * 65536
                   + greatest(least(floor((x::float8 + scrolls_x[place]) / 16) + 32768, 65535), 0)::bigint
                   as key,
               count(*)::int as samples, sum(distance) as distance,
               sum(least(since_last, idle_gap)) filter (where distance > 0) as moving,
               sum(until_next)::int as dwell
        from placed
        where first_bins[place] is not null
        group by 1
    )
    select span.browser_id, bin.bucket, bin.page_id, bin.width_class, bin.pointer::text, total.events,
           total.distance, total.moving, total.dwell, total.cells, total.dwells, total.samples
    from (
        select key >> 32 as bin, sum(samples)::int as events,
               sum(distance order by key) as distance, coalesce(sum(moving), 0)::bigint as moving,
               sum(dwell)::bigint as dwell,
               array_agg(((key & 4294967295) - 2147483648)::int order by key) as cells,
               array_agg(dwell order by key) as dwells, array_agg(samples order by key) as samples
        from cell group by key >> 32
    ) total join bin using (bin) join span using (no);
end
$$;
