create view pointer_events as
select browser.instance_id, event.time, event.x, event.y, event.seq, event.enter
from analytics_pointerpositionevent event
join dashboard_browser browser on browser.id = event.browser_id;

comment on view pointer_events is
    'Every stored pointer sample; its key is (instance_id, time, seq). Samples are dropped after '
    'RAW_RETENTION_DAYS. docs/analysis.md has examples.';
comment on column pointer_events.instance_id is 'UUID: the browser instance, as in the API';
comment on column pointer_events.time is
    'When the pointer was there, on the server''s time base; resolution 1 µs';
comment on column pointer_events.x is 'CSS px in the viewport, from the left; float32';
comment on column pointer_events.y is 'CSS px in the viewport, from the top; float32';
comment on column pointer_events.seq is
    'Count: the order of the samples that an instance has of one time';
comment on column pointer_events.enter is
    'Boolean: the first sample after the pointer came (back) into the page; the way to it is no '
    'movement';
