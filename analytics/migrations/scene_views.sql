-- Scenes, marks, and samples in their scenes, under the instance's public id.
--
-- The scene of a sample is found by one step down the scenes' key. TimescaleDB compares the bounds with
-- each chunk of scenes for each sample, so a query over many samples takes a tenth of a millisecond for
-- each. A window function over all scenes would cost less there, but would read all of them always.
create view pointer_scenes as
select browser.instance_id, browser.label, browser.site, scene.time, scene.seq,
       scene.viewport_width, scene.viewport_height, scene.document_width, scene.document_height,
       scene.scroll_x, scene.scroll_y, scene.pixel_ratio, scene.pointer, page.name as page
from analytics_pointerscene scene
join dashboard_browser browser on browser.id = scene.browser_id
left join dashboard_page page on page.id = scene.page_id;

create view pointer_marks as
select browser.instance_id, browser.label, browser.site, mark.time, mark.seq, mark.name, mark.data
from analytics_pointermark mark
join dashboard_browser browser on browser.id = mark.browser_id;

create view pointer_events_in_scenes as
select browser.instance_id, browser.label, browser.site,
       event.time, event.x, event.y, event.seq, event.enter,
       scene.viewport_width, scene.viewport_height, scene.document_width, scene.document_height,
       scene.scroll_x, scene.scroll_y, scene.pixel_ratio, scene.pointer, page.name as page
from analytics_pointerpositionevent event
join dashboard_browser browser on browser.id = event.browser_id
left join lateral (
    select * from analytics_pointerscene below
    where below.browser_id = event.browser_id and below.time <= event.time
        and (below.time, below.seq) <= (event.time, event.seq)
    order by below.time desc, below.seq desc limit 1
) scene on true
left join dashboard_page page on page.id = scene.page_id;

comment on view pointer_scenes is
    'What lies under an instance''s pointer from (time, seq) on, until its next scene; its key is '
    '(instance_id, time, seq). Scenes are dropped with samples. docs/analysis.md has examples.';
comment on view pointer_marks is
    'What a site''s own code says happened; its key is (instance_id, time, seq). Marks are dropped '
    'with samples. docs/analysis.md has examples.';
comment on view pointer_events_in_scenes is
    'Every stored pointer sample, with its instance''s latest scene of (time, seq) <= its own; its '
    'key is (instance_id, time, seq). Null where there is no scene. docs/analysis.md has examples.';
comment on column pointer_scenes.time is
    'When the scene begins, on the server''s time base; resolution 1 µs';
comment on column pointer_scenes.seq is 'Count: the seq of the first sample in the scene';
comment on column pointer_marks.time is
    'When it happened, on the server''s time base; resolution 1 µs';
comment on column pointer_marks.seq is
    'Count: the order of the marks and samples that an instance has of one time';
comment on column pointer_marks.name is 'Text of at most 64 characters, as the site''s code gave it';
comment on column pointer_marks.data is 'A JSON object of at most 1 KiB, as the site''s code gave it';
comment on column pointer_events_in_scenes.time is
    'When the pointer was there, on the server''s time base; resolution 1 µs';
comment on column pointer_events_in_scenes.x is 'CSS px in the viewport, from the left; float32';
comment on column pointer_events_in_scenes.y is 'CSS px in the viewport, from the top; float32';
comment on column pointer_events_in_scenes.seq is
    'Count: the order of the samples that an instance has of one time';
comment on column pointer_events_in_scenes.enter is
    'Boolean: the first sample after the pointer came (back) into the page; the way to it is no '
    'movement';
do $$
declare
    view text;
    name text;
    about text;
begin
    foreach view in array array['pointer_scenes', 'pointer_marks', 'pointer_events_in_scenes'] loop
        for name, about in values
            ('instance_id', 'UUID: the browser instance, as in the API'),
            ('label', 'A name for the instance that a person understands; empty by default'),
            ('site', 'The host of the page that logged the instance on; empty if it is not known'),
            ('viewport_width', 'CSS px; float32'),
            ('viewport_height', 'CSS px; float32'),
            ('document_width', 'CSS px; float32'),
            ('document_height', 'CSS px; float32'),
            ('scroll_x', 'CSS px: a sample''s x + this is its place in the document; float32'),
            ('scroll_y', 'CSS px: a sample''s y + this is its place in the document; float32'),
            ('pixel_ratio', 'Device px per CSS px; float32'),
            ('pointer', 'mouse, pen or touch'),
            ('page', 'The page''s name; null unless the site sends names of pages')
        loop
            if exists (select from pg_attribute where attrelid = view::regclass and attname = name) then
                execute format('comment on column %I.%I is %L', view, name, about);
            end if;
        end loop;
    end loop;
end
$$;
