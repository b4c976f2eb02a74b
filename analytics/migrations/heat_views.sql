-- Heat of each instance, heat of pages, and the hours of pages, as they are stored: one row for a cell.
-- What is not mapped yet is missing, unlike in the API's maps.
create view pointer_heat as
select browser.instance_id, browser.label, page.site, page.name as page, heat.time,
       heat.width_class, heat.pointer,
       (cell.cell & 65535) * 16 - 524288 as x, (cell.cell >> 16) * 16 as y,
       cell.dwell / 1e6::float8 as dwell, cell.samples
from analytics_heatstatus heat
join dashboard_browser browser on browser.id = heat.browser_id
join dashboard_page page on page.id = heat.page_id
cross join lateral unnest(heat.cells, heat.dwells, heat.samples) as cell (cell, dwell, samples);

create view page_heat as
select page.site, page.name as page, heat.time, heat.width_class, heat.pointer,
       (cell.cell & 65535) * 16 - 524288 as x, (cell.cell >> 16) * 16 as y,
       cell.dwell / 1e6::float8 as dwell, cell.samples, cell.instances
from analytics_pageheat heat
join dashboard_page page on page.id = heat.page_id
cross join lateral unnest(heat.cells, heat.dwells, heat.samples, heat.visitors)
    as cell (cell, dwell, samples, instances);

create view page_statuses_1h as
select page.site, page.name as page, status.time, status.width_class, status.pointer,
       status.instances, status.events, status.distance as traversed_distance,
       status.moving_us / 1e6::float8 as moving_time, status.dwell_us / 1e6::float8 as dwell
from analytics_pagestatus status
join dashboard_page page on page.id = status.page_id;

comment on view pointer_heat is
    'How long an instance''s pointer was in each cell of a page, in buckets of five minutes; its key '
    'is (instance_id, time, site, page, width_class, pointer, x, y). docs/analysis.md has examples.';
comment on view page_heat is
    'The same of all instances together, in days (UTC) that are over; its key is (site, page, time, '
    'width_class, pointer, x, y). Kept for good. docs/analysis.md has examples.';
comment on view page_statuses_1h is
    'The movement on a page in each hour that is over; its key is (site, page, time, width_class, '
    'pointer). Kept for good. docs/analysis.md has examples.';
comment on column page_statuses_1h.instances is 'Count: distinct instances in the hour';
comment on column page_statuses_1h.events is 'Count: number of samples';
comment on column page_statuses_1h.traversed_distance is 'px: the length of the paths';
comment on column page_statuses_1h.moving_time is 's: time in movement';
comment on column page_heat.instances is 'Count: distinct instances in the cell on that day';
do $$
declare
    view text;
    name text;
    about text;
begin
    foreach view in array array['pointer_heat', 'page_heat', 'page_statuses_1h'] loop
        for name, about in values
            ('instance_id', 'UUID: the browser instance, as in the API'),
            ('label', 'A name for the instance that a person understands; empty by default'),
            ('site', 'The host that the page belongs to; empty if it is not known'),
            ('page', 'The page''s name'),
            ('time', 'The bucket''s start, UTC'),
            ('width_class', 'CSS px: the least viewport width of the class: 0, 480, 768, 1024, 1440, 1920'),
            ('pointer', 'mouse, pen or touch'),
            ('x', 'CSS px: the left edge of the cell, which is 16 px wide, on the page'),
            ('y', 'CSS px: the top edge of the cell, which is 16 px high, on the page'),
            ('dwell', 's: how long pointers were there'),
            ('samples', 'Count: number of samples there')
        loop
            if exists (select from pg_attribute where attrelid = view::regclass and attname = name) then
                execute format('comment on column %I.%I is %L', view, name, about);
            end if;
        end loop;
    end loop;
end
$$;
