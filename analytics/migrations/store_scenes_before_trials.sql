-- store_scenes.sql as it was before 0019_trials, for going back.
--
-- Stores batches as analytics_store_batches does, and in the same transaction their scenes, their marks
-- and the visits of pages that follow from new scenes. Nearly no batch has a scene or a mark, so those
-- without call the other function and pay nothing for this one.
--
-- The arrays from `scene_places` to `pages` have one element for each scene, except `lengths`, which has
-- seven, in the order of the columns. `marks` is a JSON array with one array for each batch, or null.
-- Times are in epoch microseconds. The first scene or mark of a key stays.
--
-- Scenes change no status. They change the heat of the samples that follow, so those of an instance that
-- has been on a page leave a mark for it in the outbox (rung -2).
--
-- A scene has the page of its name and of the instance's site. Nearly every page is known, so pages are
-- looked up once, and again only after some were made. A page that could not be made is `(other)`
-- (make_pages.sql). Times of a visit are the least and the greatest of the instance's scenes there, in
-- whatever order scenes arrive.
--
-- Locks: those of analytics_store_batches (browsers, then samples' keys), then perhaps the row of
-- `(other)`, then scenes' keys, visits and marks' keys, each in the order of keys over all batches. All
-- sessions take them in this order, so none deadlock. Snapshots: each statement has its own, so that
-- scenes see the pages that were just made.
create or replace function analytics_store_scenes(
    instances uuid[], versions int[], sizes int[], places int[],
    times bigint[], xs real[], ys real[], seqs int[], enters bool[], rung int, wait bool,
    scene_places int[], scene_times bigint[], lengths real[], scene_seqs int[], pointers text[],
    pages text[], marks jsonb, most_pages int
) returns table (
    browser bigint, newest_version int, accepted bigint, conflicts bigint,
    new_scenes bigint, new_marks bigint
)
language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
    browsers bigint[];
    newest int[];
    accepteds bigint[];
    conflicting bigint[];
    writers bigint[];
    sites text[];
    page_ids bigint[];
    has_unknown bool;
    scened bigint[];
    scene_counts bigint[];
    marked bigint[];
    mark_counts bigint[];
begin
    select array_agg(s.browser order by s.place), array_agg(s.newest_version order by s.place),
           array_agg(s.accepted order by s.place), array_agg(s.conflicts order by s.place),
           array_agg(case when s.newest_version = versions[s.place] then s.browser end
                     order by s.place)
    into browsers, newest, accepteds, conflicting, writers
    from analytics_store_batches(
        instances, versions, sizes, places, times, xs, ys, seqs, enters, rung, wait
    ) with ordinality as s (browser, newest_version, accepted, conflicts, place);

    select array_agg(b.site order by s.number), array_agg(p.id order by s.number),
           coalesce(bool_or(s.page is not null and b.site is not null and p.id is null), false)
    into sites, page_ids, has_unknown
    from unnest(scene_places, pages) with ordinality as s (place, page, number)
    left join dashboard_browser b on b.id = writers[s.place]
    left join dashboard_page p on p.site = b.site and p.name = s.page;
    if has_unknown then
        perform analytics_make_pages(array_agg(u.site), array_agg(u.page), most_pages)
        from (
            select distinct s.site, s.page from unnest(sites, pages, page_ids) as s (site, page, id)
            where s.page is not null and s.site is not null and s.id is null
        ) u;
        select array_agg(case when s.page is not null then coalesce(p.id, other.id) end
                         order by s.number)
        into page_ids
        from unnest(sites, pages) with ordinality as s (site, page, number)
        left join dashboard_page p on p.site = s.site and p.name = s.page
        left join dashboard_page other on other.site = '' and other.name = '(other)';
    end if;

    with stored as (
        insert into analytics_pointerscene (
            time, browser_id, viewport_width, viewport_height, document_width, document_height,
            scroll_x, scroll_y, pixel_ratio, seq, page_id, pointer
        )
        select timestamptz 'epoch' + s.us * interval '1 microsecond', writers[s.place],
               lengths[7 * s.number - 6], lengths[7 * s.number - 5], lengths[7 * s.number - 4],
               lengths[7 * s.number - 3], lengths[7 * s.number - 2], lengths[7 * s.number - 1],
               lengths[7 * s.number], s.seq, s.page_id, s.pointer
        from unnest(scene_places, scene_times, scene_seqs, pointers, page_ids)
            with ordinality as s (place, us, seq, pointer, page_id, number)
        where writers[s.place] is not null
        order by writers[s.place], s.us, s.seq, s.number
        on conflict do nothing
        returning browser_id, time, page_id
    ), warmed as (
        insert into analytics_dirtyrange (browser_id, since, until, rung)
        select browser_id, min(time), max(time), -2 from stored
        where page_id is not null or exists (
            select from dashboard_pagevisit visit where visit.browser_id = stored.browser_id
        )
        group by browser_id, time_bucket('5 minutes', time)
    ), visited as (
        insert into dashboard_pagevisit as visit (browser_id, page_id, first_at, last_at)
        select browser_id, page_id, min(time), max(time) from stored
        where page_id is not null group by browser_id, page_id order by browser_id, page_id
        on conflict (browser_id, page_id) do update
        set first_at = least(visit.first_at, excluded.first_at),
            last_at = greatest(visit.last_at, excluded.last_at)
        where excluded.first_at < visit.first_at or excluded.last_at > visit.last_at
    )
    select array_agg(c.browser_id), array_agg(c.count) into scened, scene_counts
    from (select browser_id, count(*) from stored group by browser_id) c;

    if marks is not null then
        with stored as (
            insert into analytics_pointermark (time, browser_id, seq, name, data)
            select timestamptz 'epoch' + m.us * interval '1 microsecond', b.writer, m.seq, m.name, m.data
            from jsonb_array_elements(marks) with ordinality as batch (rows, place)
            cross join rows from (jsonb_to_recordset(batch.rows) as (
                us bigint, seq int, name text, data jsonb
            )) with ordinality as m (us, seq, name, data, number)
            cross join lateral (select writers[batch.place]) as b (writer)
            where b.writer is not null
            order by b.writer, m.us, m.seq, m.number
            on conflict do nothing
            returning browser_id
        )
        select array_agg(c.browser_id), array_agg(c.count) into marked, mark_counts
        from (select browser_id, count(*) from stored group by browser_id) c;
    end if;

    return query
    select s.browser, s.newest, s.accepted, s.conflicts,
           coalesce(sc.count, 0), coalesce(mk.count, 0)
    from unnest(browsers, newest, accepteds, conflicting)
        with ordinality as s (browser, newest, accepted, conflicts, place)
    left join unnest(scened, scene_counts) as sc (browser, count) on sc.browser = writers[s.place]
    left join unnest(marked, mark_counts) as mk (browser, count) on mk.browser = writers[s.place]
    order by s.place;
end
$$;
