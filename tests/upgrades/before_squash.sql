-- A database of the last code before the migrations were squashed, with rows in every table that its
-- code made: pg_dump without TimescaleDB's catalogue, whose form depends on its version. The
-- hypertables are made at the end instead.
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS timescaledb WITH SCHEMA public;
CREATE FUNCTION public.analytics_count_conflicts(writer bigint, batch integer, places integer[], times bigint[], xs real[], ys real[], seqs integer[]) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
    return (
        select count(*)
        from unnest(places, times, xs, ys, seqs) as o (place, us, x, y, seq)
        join analytics_pointerpositionevent e
            on e.browser_id = writer and e.seq = o.seq
            and e.time = timestamptz 'epoch' + o.us * interval '1 microsecond'
        where o.place = batch and (o.x, o.y) is distinct from (e.x, e.y)
    );
end
$$;
CREATE FUNCTION public.analytics_sample_before(browser bigint, before timestamp with time zone) RETURNS TABLE(at timestamp with time zone, x real, y real, seq integer, enter boolean)
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
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
CREATE FUNCTION public.analytics_store_batch(instance uuid, version integer, times bigint[], xs real[], ys real[], seqs integer[], enters boolean[], rung integer, OUT browser bigint, OUT newest_version integer, OUT accepted bigint, OUT conflicts bigint) RETURNS record
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
    accepted := 0;
    conflicts := 0;

    select id, token_version into browser, newest_version
    from dashboard_browser where instance_id = instance for key share;
    if newest_version is distinct from version then
        return;
    end if;

    insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
    select browser, timestamptz 'epoch' + s.us * interval '1 microsecond', s.x, s.y, s.seq, s.enter
    from unnest(times, xs, ys, seqs, enters) with ordinality as s (us, x, y, seq, enter, place)
    order by s.us, s.seq, s.place
    on conflict do nothing;
    get diagnostics accepted = row_count;

    if accepted > 0 then
        insert into analytics_dirtyrange (browser_id, since, until, rung)
        select browser, timestamptz 'epoch' + min(us) * interval '1 microsecond',
               timestamptz 'epoch' + max(us) * interval '1 microsecond', rung
        from unnest(times) as us group by us / 3600000000;
    end if;

    if accepted < cardinality(times) then
        select count(*) into conflicts
        from unnest(times, xs, ys, seqs) as s (us, x, y, seq)
        join analytics_pointerpositionevent e
            on e.browser_id = browser and e.seq = s.seq
            and e.time = timestamptz 'epoch' + s.us * interval '1 microsecond'
        where (s.x, s.y) is distinct from (e.x, e.y);
    end if;
end
$$;
CREATE FUNCTION public.analytics_store_batches(instances uuid[], versions integer[], sizes integer[], places integer[], times bigint[], xs real[], ys real[], seqs integer[], enters boolean[], rung integer, wait boolean) RETURNS TABLE(browser bigint, newest_version integer, accepted bigint, conflicts bigint)
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
    browsers bigint[];
    writers bigint[];
    newest int[];
    counted bigint[];
    counts bigint[];
begin
    if wait then
        perform from dashboard_browser where instance_id = any(instances) for key share;
    else
        perform set_config('lock_timeout', '500ms', true);
    end if;

    select array_agg(b.id order by s.place), array_agg(b.token_version order by s.place),
           array_agg(case when b.token_version = s.version then b.id end order by s.place)
    into browsers, newest, writers
    from unnest(instances, versions) with ordinality as s (instance, version, place)
    left join lateral (
        select id, token_version from dashboard_browser where instance_id = s.instance
        for key share skip locked
    ) b on true;

    begin
        with stored as (
            insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
            select writers[s.place], timestamptz 'epoch' + s.us * interval '1 microsecond',
                   s.x, s.y, s.seq, s.enter
            from unnest(places, times, xs, ys, seqs, enters)
                with ordinality as s (place, us, x, y, seq, enter, number)
            where writers[s.place] is not null
            order by writers[s.place], s.us, s.seq, s.number
            
            returning browser_id, time
        ), hours as (
            select browser_id, count(*) as events, min(time) as since, max(time) as until
            from stored group by browser_id, time_bucket('1 hour', time)
        ), marked as (
            insert into analytics_dirtyrange (browser_id, since, until, rung)
            select browser_id, since, until, rung from hours
        )
        select array_agg(c.browser_id), array_agg(c.events) into counted, counts
        from (select browser_id, sum(events)::bigint as events from hours group by browser_id) c;
    exception when unique_violation then
        with stored as (
            insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
            select writers[s.place], timestamptz 'epoch' + s.us * interval '1 microsecond',
                   s.x, s.y, s.seq, s.enter
            from unnest(places, times, xs, ys, seqs, enters)
                with ordinality as s (place, us, x, y, seq, enter, number)
            where writers[s.place] is not null
            order by writers[s.place], s.us, s.seq, s.number
            on conflict do nothing
            returning browser_id, time
        ), hours as (
            select browser_id, count(*) as events, min(time) as since, max(time) as until
            from stored group by browser_id, time_bucket('1 hour', time)
        ), marked as (
            insert into analytics_dirtyrange (browser_id, since, until, rung)
            select browser_id, since, until, rung from hours
        )
        select array_agg(c.browser_id), array_agg(c.events) into counted, counts
        from (select browser_id, sum(events)::bigint as events from hours group by browser_id) c;
    end;

    return query
    select browsers[s.place], newest[s.place], coalesce(c.events, 0), case
        when writers[s.place] is null or c.events = s.size then 0
        else analytics_count_conflicts(
            writers[s.place], s.place::int, places, times, xs, ys, seqs
        ) end
    from unnest(sizes) with ordinality as s (size, place)
    left join unnest(counted, counts) as c (browser, events) on c.browser = writers[s.place]
    order by s.place;
end
$$;
CREATE TABLE public.dashboard_pointerstatus (
    "time" timestamp with time zone NOT NULL,
    browser_id bigint NOT NULL,
    traversed_distance double precision NOT NULL,
    avg_velocity double precision NOT NULL,
    peak_velocity double precision NOT NULL,
    moving_time double precision NOT NULL,
    interval_ms integer NOT NULL,
    events integer NOT NULL,
    start_x real NOT NULL,
    start_y real NOT NULL,
    end_x real NOT NULL,
    end_y real NOT NULL
);
CREATE TABLE public.dashboard_coarsestatus (
    traversed_distance double precision NOT NULL,
    avg_velocity double precision NOT NULL,
    peak_velocity double precision NOT NULL,
    moving_time double precision NOT NULL,
    interval_ms integer NOT NULL,
    events integer NOT NULL,
    start_x real NOT NULL,
    start_y real NOT NULL,
    end_x real NOT NULL,
    end_y real NOT NULL,
    "time" timestamp with time zone NOT NULL,
    browser_id bigint NOT NULL
);
CREATE TABLE public.analytics_pointerpositionevent (
    "time" timestamp with time zone NOT NULL,
    browser_id bigint NOT NULL,
    x real NOT NULL,
    y real NOT NULL,
    seq integer NOT NULL,
    enter boolean NOT NULL
);
CREATE TABLE public.analytics_dirtyrange (
    id bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    rung integer NOT NULL,
    browser_id bigint NOT NULL
);
ALTER TABLE public.analytics_dirtyrange ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.analytics_dirtyrange_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.analytics_heartbeat (
    job character varying(50) NOT NULL,
    beat_at timestamp with time zone NOT NULL
);
CREATE TABLE public.analytics_seal (
    level integer NOT NULL,
    before timestamp with time zone NOT NULL,
    sealed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.auth_group (
    id integer NOT NULL,
    name character varying(150) NOT NULL
);
ALTER TABLE public.auth_group ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_group_permissions (
    id bigint NOT NULL,
    group_id integer NOT NULL,
    permission_id integer NOT NULL
);
ALTER TABLE public.auth_group_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_permission (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    content_type_id integer NOT NULL,
    codename character varying(100) NOT NULL
);
ALTER TABLE public.auth_permission ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_permission_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_user (
    id integer NOT NULL,
    password character varying(128) NOT NULL,
    last_login timestamp with time zone,
    is_superuser boolean NOT NULL,
    username character varying(150) NOT NULL,
    first_name character varying(150) NOT NULL,
    last_name character varying(150) NOT NULL,
    email character varying(254) NOT NULL,
    is_staff boolean NOT NULL,
    is_active boolean NOT NULL,
    date_joined timestamp with time zone NOT NULL
);
CREATE TABLE public.auth_user_groups (
    id bigint NOT NULL,
    user_id integer NOT NULL,
    group_id integer NOT NULL
);
ALTER TABLE public.auth_user_groups ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_user_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.auth_user ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_user_user_permissions (
    id bigint NOT NULL,
    user_id integer NOT NULL,
    permission_id integer NOT NULL
);
ALTER TABLE public.auth_user_user_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_user_user_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.axes_accessattempt (
    id integer NOT NULL,
    user_agent character varying(255) NOT NULL,
    ip_address inet,
    username character varying(255),
    http_accept character varying(1025) NOT NULL,
    path_info character varying(255) NOT NULL,
    attempt_time timestamp with time zone NOT NULL,
    get_data text NOT NULL,
    post_data text NOT NULL,
    failures_since_start integer NOT NULL,
    CONSTRAINT axes_accessattempt_failures_since_start_check CHECK ((failures_since_start >= 0))
);
ALTER TABLE public.axes_accessattempt ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.axes_accessattempt_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.axes_accessattemptexpiration (
    access_attempt_id integer NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.axes_accessfailurelog (
    id integer NOT NULL,
    user_agent character varying(255) NOT NULL,
    ip_address inet,
    username character varying(255),
    http_accept character varying(1025) NOT NULL,
    path_info character varying(255) NOT NULL,
    attempt_time timestamp with time zone NOT NULL,
    locked_out boolean NOT NULL
);
ALTER TABLE public.axes_accessfailurelog ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.axes_accessfailurelog_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.axes_accesslog (
    id integer NOT NULL,
    user_agent character varying(255) NOT NULL,
    ip_address inet,
    username character varying(255),
    http_accept character varying(1025) NOT NULL,
    path_info character varying(255) NOT NULL,
    attempt_time timestamp with time zone NOT NULL,
    logout_time timestamp with time zone,
    session_hash character varying(64) NOT NULL
);
ALTER TABLE public.axes_accesslog ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.axes_accesslog_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.dashboard_browser (
    id bigint NOT NULL,
    instance_id uuid NOT NULL,
    is_active boolean NOT NULL,
    logged_on_at timestamp with time zone NOT NULL,
    logged_off_at timestamp with time zone,
    token_version integer NOT NULL,
    token_used_at timestamp with time zone DEFAULT statement_timestamp(),
    CONSTRAINT dashboard_browser_token_version_check CHECK ((token_version >= 0))
);
ALTER TABLE public.dashboard_browser ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.dashboard_browser_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_admin_log (
    id integer NOT NULL,
    action_time timestamp with time zone NOT NULL,
    object_id text,
    object_repr character varying(200) NOT NULL,
    action_flag smallint NOT NULL,
    change_message text NOT NULL,
    content_type_id integer,
    user_id integer NOT NULL,
    CONSTRAINT django_admin_log_action_flag_check CHECK ((action_flag >= 0))
);
ALTER TABLE public.django_admin_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_admin_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_celery_beat_clockedschedule (
    id integer NOT NULL,
    clocked_time timestamp with time zone NOT NULL
);
ALTER TABLE public.django_celery_beat_clockedschedule ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_celery_beat_clockedschedule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_celery_beat_crontabschedule (
    id integer NOT NULL,
    minute character varying(240) NOT NULL,
    hour character varying(96) NOT NULL,
    day_of_week character varying(64) NOT NULL,
    day_of_month character varying(124) NOT NULL,
    month_of_year character varying(64) NOT NULL,
    timezone character varying(63) NOT NULL
);
ALTER TABLE public.django_celery_beat_crontabschedule ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_celery_beat_crontabschedule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_celery_beat_intervalschedule (
    id integer NOT NULL,
    every integer NOT NULL,
    period character varying(24) NOT NULL
);
ALTER TABLE public.django_celery_beat_intervalschedule ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_celery_beat_intervalschedule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_celery_beat_periodictask (
    id integer NOT NULL,
    name character varying(200) NOT NULL,
    task character varying(200) NOT NULL,
    args text NOT NULL,
    kwargs text NOT NULL,
    queue character varying(200),
    exchange character varying(200),
    routing_key character varying(200),
    expires timestamp with time zone,
    enabled boolean NOT NULL,
    last_run_at timestamp with time zone,
    total_run_count integer NOT NULL,
    date_changed timestamp with time zone NOT NULL,
    description text NOT NULL,
    crontab_id integer,
    interval_id integer,
    solar_id integer,
    one_off boolean NOT NULL,
    start_time timestamp with time zone,
    priority integer,
    headers text NOT NULL,
    clocked_id integer,
    expire_seconds integer,
    CONSTRAINT django_celery_beat_periodictask_expire_seconds_check CHECK ((expire_seconds >= 0)),
    CONSTRAINT django_celery_beat_periodictask_priority_check CHECK ((priority >= 0)),
    CONSTRAINT django_celery_beat_periodictask_total_run_count_check CHECK ((total_run_count >= 0))
);
ALTER TABLE public.django_celery_beat_periodictask ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_celery_beat_periodictask_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_celery_beat_periodictasks (
    ident smallint NOT NULL,
    last_update timestamp with time zone NOT NULL
);
CREATE TABLE public.django_celery_beat_solarschedule (
    id integer NOT NULL,
    event character varying(24) NOT NULL,
    latitude numeric(9,6) NOT NULL,
    longitude numeric(9,6) NOT NULL
);
ALTER TABLE public.django_celery_beat_solarschedule ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_celery_beat_solarschedule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_content_type (
    id integer NOT NULL,
    app_label character varying(100) NOT NULL,
    model character varying(100) NOT NULL
);
ALTER TABLE public.django_content_type ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_content_type_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_migrations (
    id bigint NOT NULL,
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied timestamp with time zone NOT NULL
);
ALTER TABLE public.django_migrations ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_migrations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_session (
    session_key character varying(40) NOT NULL,
    session_data text NOT NULL,
    expire_date timestamp with time zone NOT NULL
);
CREATE VIEW public.pointer_events AS
 SELECT browser.instance_id,
    event."time",
    event.x,
    event.y,
    event.seq,
    event.enter
   FROM (public.analytics_pointerpositionevent event
     JOIN public.dashboard_browser browser ON ((browser.id = event.browser_id)));
COMMENT ON VIEW public.pointer_events IS 'Every stored pointer sample; its key is (instance_id, time, seq). Samples are dropped after RAW_RETENTION_DAYS. docs/analysis.md has examples.';
COMMENT ON COLUMN public.pointer_events.instance_id IS 'UUID: the browser instance, as in the API';
COMMENT ON COLUMN public.pointer_events."time" IS 'When the pointer was there, on the server''s time base; resolution 1 µs';
COMMENT ON COLUMN public.pointer_events.x IS 'CSS px in the viewport, from the left; float32';
COMMENT ON COLUMN public.pointer_events.y IS 'CSS px in the viewport, from the top; float32';
COMMENT ON COLUMN public.pointer_events.seq IS 'Count: the order of the samples that an instance has of one time';
COMMENT ON COLUMN public.pointer_events.enter IS 'Boolean: the first sample after the pointer came (back) into the page; the way to it is no movement';
CREATE VIEW public.pointer_statuses AS
 SELECT browser.instance_id,
    status."time",
    status.interval_ms,
    status.events,
    status.traversed_distance,
    status.avg_velocity,
    status.peak_velocity,
    status.moving_time,
        CASE
            WHEN (status.moving_time > (0)::double precision) THEN (status.traversed_distance / status.moving_time)
            ELSE (0)::double precision
        END AS active_velocity,
    status.start_x,
    status.start_y,
    status.end_x,
    status.end_y,
    ((status.end_x)::double precision - (status.start_x)::double precision) AS net_travel_x,
    ((status.end_y)::double precision - (status.start_y)::double precision) AS net_travel_y
   FROM (public.dashboard_pointerstatus status
     JOIN public.dashboard_browser browser ON ((browser.id = status.browser_id)))
  WHERE (status.interval_ms = 1000)
UNION ALL
 SELECT browser.instance_id,
    status."time",
    status.interval_ms,
    status.events,
    status.traversed_distance,
    status.avg_velocity,
    status.peak_velocity,
    status.moving_time,
        CASE
            WHEN (status.moving_time > (0)::double precision) THEN (status.traversed_distance / status.moving_time)
            ELSE (0)::double precision
        END AS active_velocity,
    status.start_x,
    status.start_y,
    status.end_x,
    status.end_y,
    ((status.end_x)::double precision - (status.start_x)::double precision) AS net_travel_x,
    ((status.end_y)::double precision - (status.start_y)::double precision) AS net_travel_y
   FROM (public.dashboard_coarsestatus status
     JOIN public.dashboard_browser browser ON ((browser.id = status.browser_id)));
COMMENT ON VIEW public.pointer_statuses IS 'What an instance''s pointer did in each bucket with events, of every rung; its key is (instance_id, interval_ms, time). Name one interval_ms: the rungs hold the same movement. docs/metrics.md defines the numbers, docs/analysis.md has examples.';
COMMENT ON COLUMN public.pointer_statuses.instance_id IS 'UUID: the browser instance, as in the API';
COMMENT ON COLUMN public.pointer_statuses."time" IS 'When the bucket starts; it holds what ends in [time, time + its length)';
COMMENT ON COLUMN public.pointer_statuses.interval_ms IS 'ms: the length of the bucket, which is its rung';
COMMENT ON COLUMN public.pointer_statuses.events IS 'Count: samples in the bucket';
COMMENT ON COLUMN public.pointer_statuses.traversed_distance IS 'px: the sum of the segments'' lengths; the way to an entry has none';
COMMENT ON COLUMN public.pointer_statuses.avg_velocity IS 'px/s: traversed_distance / the bucket''s length, rest included';
COMMENT ON COLUMN public.pointer_statuses.peak_velocity IS 'px/s: the largest distance in any 100 ms slice of the bucket, / 0.1 s';
COMMENT ON COLUMN public.pointer_statuses.moving_time IS 's: the time of the segments that moved, each up to the idle gap of 0.25 s';
COMMENT ON COLUMN public.pointer_statuses.active_velocity IS 'px/s: traversed_distance / moving_time, 0 where nothing moved';
COMMENT ON COLUMN public.pointer_statuses.start_x IS 'CSS px: x of the bucket''s first sample';
COMMENT ON COLUMN public.pointer_statuses.start_y IS 'CSS px: y of the bucket''s first sample';
COMMENT ON COLUMN public.pointer_statuses.end_x IS 'CSS px: x of the bucket''s last sample';
COMMENT ON COLUMN public.pointer_statuses.end_y IS 'CSS px: y of the bucket''s last sample';
COMMENT ON COLUMN public.pointer_statuses.net_travel_x IS 'px: end_x - start_x, jumps at entries included; right is positive';
COMMENT ON COLUMN public.pointer_statuses.net_travel_y IS 'px: end_y - start_y, jumps at entries included; down is positive';
CREATE VIEW public.pointer_statuses_10s AS
 SELECT browser.instance_id,
    status."time",
    status.events,
    status.traversed_distance,
    status.avg_velocity,
    status.peak_velocity,
    status.moving_time,
        CASE
            WHEN (status.moving_time > (0)::double precision) THEN (status.traversed_distance / status.moving_time)
            ELSE (0)::double precision
        END AS active_velocity,
    status.start_x,
    status.start_y,
    status.end_x,
    status.end_y,
    ((status.end_x)::double precision - (status.start_x)::double precision) AS net_travel_x,
    ((status.end_y)::double precision - (status.start_y)::double precision) AS net_travel_y
   FROM (public.dashboard_coarsestatus status
     JOIN public.dashboard_browser browser ON ((browser.id = status.browser_id)))
  WHERE (status.interval_ms = 10000);
COMMENT ON VIEW public.pointer_statuses_10s IS 'What an instance''s pointer did in each bucket of 10 s with events; its key is (instance_id, time). Empty where RUNGS does not keep this rung. docs/metrics.md defines the numbers, docs/analysis.md has examples.';
COMMENT ON COLUMN public.pointer_statuses_10s.instance_id IS 'UUID: the browser instance, as in the API';
COMMENT ON COLUMN public.pointer_statuses_10s."time" IS 'When the bucket starts; it holds what ends in [time, time + its length)';
COMMENT ON COLUMN public.pointer_statuses_10s.events IS 'Count: samples in the bucket';
COMMENT ON COLUMN public.pointer_statuses_10s.traversed_distance IS 'px: the sum of the segments'' lengths; the way to an entry has none';
COMMENT ON COLUMN public.pointer_statuses_10s.avg_velocity IS 'px/s: traversed_distance / the bucket''s length, rest included';
COMMENT ON COLUMN public.pointer_statuses_10s.peak_velocity IS 'px/s: the largest distance in any 100 ms slice of the bucket, / 0.1 s';
COMMENT ON COLUMN public.pointer_statuses_10s.moving_time IS 's: the time of the segments that moved, each up to the idle gap of 0.25 s';
COMMENT ON COLUMN public.pointer_statuses_10s.active_velocity IS 'px/s: traversed_distance / moving_time, 0 where nothing moved';
COMMENT ON COLUMN public.pointer_statuses_10s.start_x IS 'CSS px: x of the bucket''s first sample';
COMMENT ON COLUMN public.pointer_statuses_10s.start_y IS 'CSS px: y of the bucket''s first sample';
COMMENT ON COLUMN public.pointer_statuses_10s.end_x IS 'CSS px: x of the bucket''s last sample';
COMMENT ON COLUMN public.pointer_statuses_10s.end_y IS 'CSS px: y of the bucket''s last sample';
COMMENT ON COLUMN public.pointer_statuses_10s.net_travel_x IS 'px: end_x - start_x, jumps at entries included; right is positive';
COMMENT ON COLUMN public.pointer_statuses_10s.net_travel_y IS 'px: end_y - start_y, jumps at entries included; down is positive';
CREATE VIEW public.pointer_statuses_1h AS
 SELECT browser.instance_id,
    status."time",
    status.events,
    status.traversed_distance,
    status.avg_velocity,
    status.peak_velocity,
    status.moving_time,
        CASE
            WHEN (status.moving_time > (0)::double precision) THEN (status.traversed_distance / status.moving_time)
            ELSE (0)::double precision
        END AS active_velocity,
    status.start_x,
    status.start_y,
    status.end_x,
    status.end_y,
    ((status.end_x)::double precision - (status.start_x)::double precision) AS net_travel_x,
    ((status.end_y)::double precision - (status.start_y)::double precision) AS net_travel_y
   FROM (public.dashboard_coarsestatus status
     JOIN public.dashboard_browser browser ON ((browser.id = status.browser_id)))
  WHERE (status.interval_ms = 3600000);
COMMENT ON VIEW public.pointer_statuses_1h IS 'What an instance''s pointer did in each bucket of 1 h with events; its key is (instance_id, time). Empty where RUNGS does not keep this rung. docs/metrics.md defines the numbers, docs/analysis.md has examples.';
COMMENT ON COLUMN public.pointer_statuses_1h.instance_id IS 'UUID: the browser instance, as in the API';
COMMENT ON COLUMN public.pointer_statuses_1h."time" IS 'When the bucket starts; it holds what ends in [time, time + its length)';
COMMENT ON COLUMN public.pointer_statuses_1h.events IS 'Count: samples in the bucket';
COMMENT ON COLUMN public.pointer_statuses_1h.traversed_distance IS 'px: the sum of the segments'' lengths; the way to an entry has none';
COMMENT ON COLUMN public.pointer_statuses_1h.avg_velocity IS 'px/s: traversed_distance / the bucket''s length, rest included';
COMMENT ON COLUMN public.pointer_statuses_1h.peak_velocity IS 'px/s: the largest distance in any 100 ms slice of the bucket, / 0.1 s';
COMMENT ON COLUMN public.pointer_statuses_1h.moving_time IS 's: the time of the segments that moved, each up to the idle gap of 0.25 s';
COMMENT ON COLUMN public.pointer_statuses_1h.active_velocity IS 'px/s: traversed_distance / moving_time, 0 where nothing moved';
COMMENT ON COLUMN public.pointer_statuses_1h.start_x IS 'CSS px: x of the bucket''s first sample';
COMMENT ON COLUMN public.pointer_statuses_1h.start_y IS 'CSS px: y of the bucket''s first sample';
COMMENT ON COLUMN public.pointer_statuses_1h.end_x IS 'CSS px: x of the bucket''s last sample';
COMMENT ON COLUMN public.pointer_statuses_1h.end_y IS 'CSS px: y of the bucket''s last sample';
COMMENT ON COLUMN public.pointer_statuses_1h.net_travel_x IS 'px: end_x - start_x, jumps at entries included; right is positive';
COMMENT ON COLUMN public.pointer_statuses_1h.net_travel_y IS 'px: end_y - start_y, jumps at entries included; down is positive';
CREATE VIEW public.pointer_statuses_1m AS
 SELECT browser.instance_id,
    status."time",
    status.events,
    status.traversed_distance,
    status.avg_velocity,
    status.peak_velocity,
    status.moving_time,
        CASE
            WHEN (status.moving_time > (0)::double precision) THEN (status.traversed_distance / status.moving_time)
            ELSE (0)::double precision
        END AS active_velocity,
    status.start_x,
    status.start_y,
    status.end_x,
    status.end_y,
    ((status.end_x)::double precision - (status.start_x)::double precision) AS net_travel_x,
    ((status.end_y)::double precision - (status.start_y)::double precision) AS net_travel_y
   FROM (public.dashboard_coarsestatus status
     JOIN public.dashboard_browser browser ON ((browser.id = status.browser_id)))
  WHERE (status.interval_ms = 60000);
COMMENT ON VIEW public.pointer_statuses_1m IS 'What an instance''s pointer did in each bucket of 1 min with events; its key is (instance_id, time). Empty where RUNGS does not keep this rung. docs/metrics.md defines the numbers, docs/analysis.md has examples.';
COMMENT ON COLUMN public.pointer_statuses_1m.instance_id IS 'UUID: the browser instance, as in the API';
COMMENT ON COLUMN public.pointer_statuses_1m."time" IS 'When the bucket starts; it holds what ends in [time, time + its length)';
COMMENT ON COLUMN public.pointer_statuses_1m.events IS 'Count: samples in the bucket';
COMMENT ON COLUMN public.pointer_statuses_1m.traversed_distance IS 'px: the sum of the segments'' lengths; the way to an entry has none';
COMMENT ON COLUMN public.pointer_statuses_1m.avg_velocity IS 'px/s: traversed_distance / the bucket''s length, rest included';
COMMENT ON COLUMN public.pointer_statuses_1m.peak_velocity IS 'px/s: the largest distance in any 100 ms slice of the bucket, / 0.1 s';
COMMENT ON COLUMN public.pointer_statuses_1m.moving_time IS 's: the time of the segments that moved, each up to the idle gap of 0.25 s';
COMMENT ON COLUMN public.pointer_statuses_1m.active_velocity IS 'px/s: traversed_distance / moving_time, 0 where nothing moved';
COMMENT ON COLUMN public.pointer_statuses_1m.start_x IS 'CSS px: x of the bucket''s first sample';
COMMENT ON COLUMN public.pointer_statuses_1m.start_y IS 'CSS px: y of the bucket''s first sample';
COMMENT ON COLUMN public.pointer_statuses_1m.end_x IS 'CSS px: x of the bucket''s last sample';
COMMENT ON COLUMN public.pointer_statuses_1m.end_y IS 'CSS px: y of the bucket''s last sample';
COMMENT ON COLUMN public.pointer_statuses_1m.net_travel_x IS 'px: end_x - start_x, jumps at entries included; right is positive';
COMMENT ON COLUMN public.pointer_statuses_1m.net_travel_y IS 'px: end_y - start_y, jumps at entries included; down is positive';
CREATE VIEW public.pointer_statuses_1s AS
 SELECT browser.instance_id,
    status."time",
    status.events,
    status.traversed_distance,
    status.avg_velocity,
    status.peak_velocity,
    status.moving_time,
        CASE
            WHEN (status.moving_time > (0)::double precision) THEN (status.traversed_distance / status.moving_time)
            ELSE (0)::double precision
        END AS active_velocity,
    status.start_x,
    status.start_y,
    status.end_x,
    status.end_y,
    ((status.end_x)::double precision - (status.start_x)::double precision) AS net_travel_x,
    ((status.end_y)::double precision - (status.start_y)::double precision) AS net_travel_y
   FROM (public.dashboard_pointerstatus status
     JOIN public.dashboard_browser browser ON ((browser.id = status.browser_id)))
  WHERE (status.interval_ms = 1000);
COMMENT ON VIEW public.pointer_statuses_1s IS 'What an instance''s pointer did in each bucket of 1 s with events; its key is (instance_id, time). Empty where RUNGS does not keep this rung. docs/metrics.md defines the numbers, docs/analysis.md has examples.';
COMMENT ON COLUMN public.pointer_statuses_1s.instance_id IS 'UUID: the browser instance, as in the API';
COMMENT ON COLUMN public.pointer_statuses_1s."time" IS 'When the bucket starts; it holds what ends in [time, time + its length)';
COMMENT ON COLUMN public.pointer_statuses_1s.events IS 'Count: samples in the bucket';
COMMENT ON COLUMN public.pointer_statuses_1s.traversed_distance IS 'px: the sum of the segments'' lengths; the way to an entry has none';
COMMENT ON COLUMN public.pointer_statuses_1s.avg_velocity IS 'px/s: traversed_distance / the bucket''s length, rest included';
COMMENT ON COLUMN public.pointer_statuses_1s.peak_velocity IS 'px/s: the largest distance in any 100 ms slice of the bucket, / 0.1 s';
COMMENT ON COLUMN public.pointer_statuses_1s.moving_time IS 's: the time of the segments that moved, each up to the idle gap of 0.25 s';
COMMENT ON COLUMN public.pointer_statuses_1s.active_velocity IS 'px/s: traversed_distance / moving_time, 0 where nothing moved';
COMMENT ON COLUMN public.pointer_statuses_1s.start_x IS 'CSS px: x of the bucket''s first sample';
COMMENT ON COLUMN public.pointer_statuses_1s.start_y IS 'CSS px: y of the bucket''s first sample';
COMMENT ON COLUMN public.pointer_statuses_1s.end_x IS 'CSS px: x of the bucket''s last sample';
COMMENT ON COLUMN public.pointer_statuses_1s.end_y IS 'CSS px: y of the bucket''s last sample';
COMMENT ON COLUMN public.pointer_statuses_1s.net_travel_x IS 'px: end_x - start_x, jumps at entries included; right is positive';
COMMENT ON COLUMN public.pointer_statuses_1s.net_travel_y IS 'px: end_y - start_y, jumps at entries included; down is positive';
INSERT INTO public.analytics_dirtyrange VALUES
	(13, '2026-11-23 11:50:05+00', '2026-11-23 11:50:05.3+00', '2026-11-23 12:00:00+00', 1000, 1);
INSERT INTO public.analytics_heartbeat VALUES
	('sweep 1s', '2026-11-23 12:00:00+00');
INSERT INTO public.analytics_seal VALUES
	(0, '2026-10-24 12:00:00+00', '2026-11-23 12:00:00+00');
INSERT INTO public.auth_group VALUES
	(1, 'readers');
INSERT INTO public.auth_group_permissions VALUES
	(1, 1, 16),
	(2, 1, 32);
INSERT INTO public.auth_permission VALUES
	(1, 'Can add heartbeat', 4, 'add_heartbeat'),
	(2, 'Can change heartbeat', 4, 'change_heartbeat'),
	(3, 'Can delete heartbeat', 4, 'delete_heartbeat'),
	(4, 'Can view heartbeat', 4, 'view_heartbeat'),
	(5, 'Can add dirty range', 5, 'add_dirtyrange'),
	(6, 'Can change dirty range', 5, 'change_dirtyrange'),
	(7, 'Can delete dirty range', 5, 'delete_dirtyrange'),
	(8, 'Can view dirty range', 5, 'view_dirtyrange'),
	(9, 'Can add pointer position event', 6, 'add_pointerpositionevent'),
	(10, 'Can change pointer position event', 6, 'change_pointerpositionevent'),
	(11, 'Can delete pointer position event', 6, 'delete_pointerpositionevent'),
	(12, 'Can view pointer position event', 6, 'view_pointerpositionevent'),
	(13, 'Can add events of browser', 2, 'add_browserevents'),
	(14, 'Can change events of browser', 2, 'change_browserevents'),
	(15, 'Can delete events of browser', 2, 'delete_browserevents'),
	(16, 'Can view events of browser', 2, 'view_browserevents'),
	(17, 'Can add seal', 7, 'add_seal'),
	(18, 'Can change seal', 7, 'change_seal'),
	(19, 'Can delete seal', 7, 'delete_seal'),
	(20, 'Can view seal', 7, 'view_seal'),
	(21, 'Can add browser', 1, 'add_browser'),
	(22, 'Can change browser', 1, 'change_browser'),
	(23, 'Can delete browser', 1, 'delete_browser'),
	(24, 'Can view browser', 1, 'view_browser'),
	(25, 'Can add pointer status', 8, 'add_pointerstatus'),
	(26, 'Can change pointer status', 8, 'change_pointerstatus'),
	(27, 'Can delete pointer status', 8, 'delete_pointerstatus'),
	(28, 'Can view pointer status', 8, 'view_pointerstatus'),
	(29, 'Can add statuses of browser', 3, 'add_browserstatuses'),
	(30, 'Can change statuses of browser', 3, 'change_browserstatuses'),
	(31, 'Can delete statuses of browser', 3, 'delete_browserstatuses'),
	(32, 'Can view statuses of browser', 3, 'view_browserstatuses'),
	(33, 'Can add coarse status', 9, 'add_coarsestatus'),
	(34, 'Can change coarse status', 9, 'change_coarsestatus'),
	(35, 'Can delete coarse status', 9, 'delete_coarsestatus'),
	(36, 'Can view coarse status', 9, 'view_coarsestatus'),
	(37, 'Can add crontab', 10, 'add_crontabschedule'),
	(38, 'Can change crontab', 10, 'change_crontabschedule'),
	(39, 'Can delete crontab', 10, 'delete_crontabschedule'),
	(40, 'Can view crontab', 10, 'view_crontabschedule'),
	(41, 'Can add interval', 11, 'add_intervalschedule'),
	(42, 'Can change interval', 11, 'change_intervalschedule'),
	(43, 'Can delete interval', 11, 'delete_intervalschedule'),
	(44, 'Can view interval', 11, 'view_intervalschedule'),
	(45, 'Can add periodic task', 12, 'add_periodictask'),
	(46, 'Can change periodic task', 12, 'change_periodictask'),
	(47, 'Can delete periodic task', 12, 'delete_periodictask'),
	(48, 'Can view periodic task', 12, 'view_periodictask'),
	(49, 'Can add periodic task track', 13, 'add_periodictasks'),
	(50, 'Can change periodic task track', 13, 'change_periodictasks'),
	(51, 'Can delete periodic task track', 13, 'delete_periodictasks'),
	(52, 'Can view periodic task track', 13, 'view_periodictasks'),
	(53, 'Can add solar event', 14, 'add_solarschedule'),
	(54, 'Can change solar event', 14, 'change_solarschedule'),
	(55, 'Can delete solar event', 14, 'delete_solarschedule'),
	(56, 'Can view solar event', 14, 'view_solarschedule'),
	(57, 'Can add clocked', 15, 'add_clockedschedule'),
	(58, 'Can change clocked', 15, 'change_clockedschedule'),
	(59, 'Can delete clocked', 15, 'delete_clockedschedule'),
	(60, 'Can view clocked', 15, 'view_clockedschedule'),
	(61, 'Can add access attempt', 16, 'add_accessattempt'),
	(62, 'Can change access attempt', 16, 'change_accessattempt'),
	(63, 'Can delete access attempt', 16, 'delete_accessattempt'),
	(64, 'Can view access attempt', 16, 'view_accessattempt'),
	(65, 'Can add access log', 17, 'add_accesslog'),
	(66, 'Can change access log', 17, 'change_accesslog'),
	(67, 'Can delete access log', 17, 'delete_accesslog'),
	(68, 'Can view access log', 17, 'view_accesslog'),
	(69, 'Can add access failure', 18, 'add_accessfailurelog'),
	(70, 'Can change access failure', 18, 'change_accessfailurelog'),
	(71, 'Can delete access failure', 18, 'delete_accessfailurelog'),
	(72, 'Can view access failure', 18, 'view_accessfailurelog'),
	(73, 'Can add access attempt expiration', 19, 'add_accessattemptexpiration'),
	(74, 'Can change access attempt expiration', 19, 'change_accessattemptexpiration'),
	(75, 'Can delete access attempt expiration', 19, 'delete_accessattemptexpiration'),
	(76, 'Can view access attempt expiration', 19, 'view_accessattemptexpiration'),
	(77, 'Can add log entry', 20, 'add_logentry'),
	(78, 'Can change log entry', 20, 'change_logentry'),
	(79, 'Can delete log entry', 20, 'delete_logentry'),
	(80, 'Can view log entry', 20, 'view_logentry'),
	(81, 'Can add permission', 21, 'add_permission'),
	(82, 'Can change permission', 21, 'change_permission'),
	(83, 'Can delete permission', 21, 'delete_permission'),
	(84, 'Can view permission', 21, 'view_permission'),
	(85, 'Can add group', 22, 'add_group'),
	(86, 'Can change group', 22, 'change_group'),
	(87, 'Can delete group', 22, 'delete_group'),
	(88, 'Can view group', 22, 'view_group'),
	(89, 'Can add user', 23, 'add_user'),
	(90, 'Can change user', 23, 'change_user'),
	(91, 'Can delete user', 23, 'delete_user'),
	(92, 'Can view user', 23, 'view_user'),
	(93, 'Can add content type', 24, 'add_contenttype'),
	(94, 'Can change content type', 24, 'change_contenttype'),
	(95, 'Can delete content type', 24, 'delete_contenttype'),
	(96, 'Can view content type', 24, 'view_contenttype'),
	(97, 'Can add session', 25, 'add_session'),
	(98, 'Can change session', 25, 'change_session'),
	(99, 'Can delete session', 25, 'delete_session'),
	(100, 'Can view session', 25, 'view_session');
INSERT INTO public.auth_user VALUES
	(1, '!', NULL, false, 'staff', '', '', '', true, true, '2026-11-23 12:00:00+00');
INSERT INTO public.auth_user_groups VALUES
	(1, 1, 1);
INSERT INTO public.auth_user_user_permissions VALUES
	(1, 1, 24);
INSERT INTO public.axes_accessattempt VALUES
	(1, 'agent', '192.0.2.1', 'staff', '*/*', '/login/', '2026-11-29 22:46:07.648686+00', '', '', 1);
INSERT INTO public.axes_accessattemptexpiration VALUES
	(1, '2026-11-24 12:00:00+00');
INSERT INTO public.axes_accessfailurelog VALUES
	(1, 'agent', '192.0.2.1', 'staff', '*/*', '/login/', '2026-11-29 22:46:07.65646+00', false);
INSERT INTO public.axes_accesslog VALUES
	(1, 'agent', '192.0.2.1', 'staff', '*/*', '/login/', '2026-11-29 22:46:07.654478+00', NULL, '');
INSERT INTO public.dashboard_browser VALUES
	(2, 'b2000000-0000-0000-0000-000000000002', false, '2026-11-23 12:00:00+00', '2026-11-23 12:00:00+00', 2, NULL),
	(1, 'a1000000-0000-0000-0000-000000000001', true, '2026-11-23 12:00:00+00', NULL, 1, '2026-11-23 12:00:00+00');
INSERT INTO public.django_admin_log VALUES
	(1, '2026-11-23 12:00:00+00', '1', 'a1000000-0000-0000-0000-000000000001', 2, '[]', 1, 1);
INSERT INTO public.django_celery_beat_clockedschedule VALUES
	(1, '2026-11-23 12:00:00+00');
INSERT INTO public.django_celery_beat_crontabschedule VALUES
	(1, '7', '3', '*', '*', '*', 'UTC');
INSERT INTO public.django_celery_beat_intervalschedule VALUES
	(1, 10, 'seconds');
INSERT INTO public.django_celery_beat_periodictask VALUES
	(1, 'sweep', 'analytics.tasks.sweep', '[]', '{}', NULL, NULL, NULL, NULL, true, NULL, 0, '2026-11-29 22:46:07.680406+00', '', NULL, 1, NULL, false, NULL, NULL, '{}', NULL, NULL);
INSERT INTO public.django_celery_beat_periodictasks VALUES
	(1, '2026-11-29 22:46:07.681963+00');
INSERT INTO public.django_celery_beat_solarschedule VALUES
	(1, 'sunrise', 52.000000, 13.000000);
INSERT INTO public.django_content_type VALUES
	(1, 'dashboard', 'browser'),
	(2, 'analytics', 'browserevents'),
	(3, 'dashboard', 'browserstatuses'),
	(4, 'analytics', 'heartbeat'),
	(5, 'analytics', 'dirtyrange'),
	(6, 'analytics', 'pointerpositionevent'),
	(7, 'analytics', 'seal'),
	(8, 'dashboard', 'pointerstatus'),
	(9, 'dashboard', 'coarsestatus'),
	(10, 'django_celery_beat', 'crontabschedule'),
	(11, 'django_celery_beat', 'intervalschedule'),
	(12, 'django_celery_beat', 'periodictask'),
	(13, 'django_celery_beat', 'periodictasks'),
	(14, 'django_celery_beat', 'solarschedule'),
	(15, 'django_celery_beat', 'clockedschedule'),
	(16, 'axes', 'accessattempt'),
	(17, 'axes', 'accesslog'),
	(18, 'axes', 'accessfailurelog'),
	(19, 'axes', 'accessattemptexpiration'),
	(20, 'admin', 'logentry'),
	(21, 'auth', 'permission'),
	(22, 'auth', 'group'),
	(23, 'auth', 'user'),
	(24, 'contenttypes', 'contenttype'),
	(25, 'sessions', 'session');
INSERT INTO public.django_migrations VALUES
	(1, 'contenttypes', '0001_initial', '2026-11-29 22:46:04.567584+00'),
	(2, 'auth', '0001_initial', '2026-11-29 22:46:04.620755+00'),
	(3, 'admin', '0001_initial', '2026-11-29 22:46:04.643067+00'),
	(4, 'admin', '0002_logentry_remove_auto_add', '2026-11-29 22:46:04.654609+00'),
	(5, 'admin', '0003_logentry_add_action_flag_choices', '2026-11-29 22:46:04.668852+00'),
	(6, 'dashboard', '0001_initial', '2026-11-29 22:46:04.687374+00'),
	(7, 'dashboard', '0002_status_key', '2026-11-29 22:46:04.69637+00'),
	(8, 'dashboard', '0003_browserstatuses', '2026-11-29 22:46:04.69992+00'),
	(9, 'dashboard', '0004_coarse_status', '2026-11-29 22:46:04.71792+00'),
	(10, 'dashboard', '0005_coarse_status_key', '2026-11-29 22:46:04.725984+00'),
	(11, 'analytics', '0001_initial', '2026-11-29 22:46:04.764483+00'),
	(12, 'analytics', '0002_event_key', '2026-11-29 22:46:04.767455+00'),
	(13, 'analytics', '0003_browserevents', '2026-11-29 22:46:04.769731+00'),
	(14, 'analytics', '0004_seal', '2026-11-29 22:46:04.773019+00'),
	(15, 'analytics', '0005_pointer_events', '2026-11-29 22:46:04.775503+00'),
	(16, 'analytics', '0006_pointer_statuses', '2026-11-29 22:46:04.783639+00'),
	(17, 'analytics', '0007_store_batch', '2026-11-29 22:46:04.787524+00'),
	(18, 'analytics', '0008_store_batches', '2026-11-29 22:46:04.791363+00'),
	(19, 'analytics', '0009_count_conflicts', '2026-11-29 22:46:04.793728+00'),
	(20, 'analytics', '0010_sample_before', '2026-11-29 22:46:04.795337+00'),
	(21, 'analytics', '0011_plain_insert_first', '2026-11-29 22:46:04.797203+00'),
	(22, 'contenttypes', '0002_remove_content_type_name', '2026-11-29 22:46:04.821441+00'),
	(23, 'auth', '0002_alter_permission_name_max_length', '2026-11-29 22:46:04.829873+00'),
	(24, 'auth', '0003_alter_user_email_max_length', '2026-11-29 22:46:04.838664+00'),
	(25, 'auth', '0004_alter_user_username_opts', '2026-11-29 22:46:04.847261+00'),
	(26, 'auth', '0005_alter_user_last_login_null', '2026-11-29 22:46:04.858115+00'),
	(27, 'auth', '0006_require_contenttypes_0002', '2026-11-29 22:46:04.8593+00'),
	(28, 'auth', '0007_alter_validators_add_error_messages', '2026-11-29 22:46:04.867069+00'),
	(29, 'auth', '0008_alter_user_username_max_length', '2026-11-29 22:46:04.877265+00'),
	(30, 'auth', '0009_alter_user_last_name_max_length', '2026-11-29 22:46:04.885318+00'),
	(31, 'auth', '0010_alter_group_name_max_length', '2026-11-29 22:46:04.90409+00'),
	(32, 'auth', '0011_update_proxy_permissions', '2026-11-29 22:46:04.929246+00'),
	(33, 'auth', '0012_alter_user_first_name_max_length', '2026-11-29 22:46:04.937437+00'),
	(34, 'axes', '0001_initial', '2026-11-29 22:46:04.947664+00'),
	(35, 'axes', '0002_auto_20151217_2044', '2026-11-29 22:46:04.970188+00'),
	(36, 'axes', '0003_auto_20160322_0929', '2026-11-29 22:46:04.981077+00'),
	(37, 'axes', '0004_auto_20181024_1538', '2026-11-29 22:46:04.993249+00'),
	(38, 'axes', '0005_remove_accessattempt_trusted', '2026-11-29 22:46:04.996906+00'),
	(39, 'axes', '0006_remove_accesslog_trusted', '2026-11-29 22:46:05.000514+00'),
	(40, 'axes', '0007_alter_accessattempt_unique_together', '2026-11-29 22:46:05.028891+00'),
	(41, 'axes', '0008_accessfailurelog', '2026-11-29 22:46:05.039751+00'),
	(42, 'axes', '0009_add_session_hash', '2026-11-29 22:46:05.045088+00'),
	(43, 'axes', '0010_accessattemptexpiration', '2026-11-29 22:46:05.056356+00'),
	(44, 'dashboard', '0006_token_used_at', '2026-11-29 22:46:05.066328+00'),
	(45, 'django_celery_beat', '0001_initial', '2026-11-29 22:46:05.09855+00'),
	(46, 'django_celery_beat', '0002_auto_20161118_0346', '2026-11-29 22:46:05.113253+00'),
	(47, 'django_celery_beat', '0003_auto_20161209_0049', '2026-11-29 22:46:05.121295+00'),
	(48, 'django_celery_beat', '0004_auto_20170221_0000', '2026-11-29 22:46:05.125367+00'),
	(49, 'django_celery_beat', '0005_add_solarschedule_events_choices', '2026-11-29 22:46:05.131354+00'),
	(50, 'django_celery_beat', '0006_auto_20180322_0932', '2026-11-29 22:46:05.179301+00'),
	(51, 'django_celery_beat', '0007_auto_20180521_0826', '2026-11-29 22:46:05.203639+00'),
	(52, 'django_celery_beat', '0008_auto_20180914_1922', '2026-11-29 22:46:05.255826+00'),
	(53, 'django_celery_beat', '0006_auto_20180210_1226', '2026-11-29 22:46:05.279488+00'),
	(54, 'django_celery_beat', '0006_periodictask_priority', '2026-11-29 22:46:05.290171+00'),
	(55, 'django_celery_beat', '0009_periodictask_headers', '2026-11-29 22:46:05.301144+00'),
	(56, 'django_celery_beat', '0010_auto_20190429_0326', '2026-11-29 22:46:05.603584+00'),
	(57, 'django_celery_beat', '0011_auto_20190508_0153', '2026-11-29 22:46:05.634274+00'),
	(58, 'django_celery_beat', '0012_periodictask_expire_seconds', '2026-11-29 22:46:05.651724+00'),
	(59, 'django_celery_beat', '0013_auto_20200609_0727', '2026-11-29 22:46:05.67032+00'),
	(60, 'django_celery_beat', '0014_remove_clockedschedule_enabled', '2026-11-29 22:46:05.677329+00'),
	(61, 'django_celery_beat', '0015_edit_solarschedule_events_choices', '2026-11-29 22:46:05.683138+00'),
	(62, 'django_celery_beat', '0016_alter_crontabschedule_timezone', '2026-11-29 22:46:05.696999+00'),
	(63, 'django_celery_beat', '0017_alter_crontabschedule_month_of_year', '2026-11-29 22:46:05.709195+00'),
	(64, 'django_celery_beat', '0018_improve_crontab_helptext', '2026-11-29 22:46:05.721844+00'),
	(65, 'django_celery_beat', '0019_alter_periodictasks_options', '2026-11-29 22:46:05.725689+00'),
	(66, 'sessions', '0001_initial', '2026-11-29 22:46:05.733198+00');
INSERT INTO public.django_session VALUES
	('a-session', 'no-session-data', '2026-12-07 12:00:00+00');
SELECT pg_catalog.setval('public.analytics_dirtyrange_id_seq', 13, true);
SELECT pg_catalog.setval('public.auth_group_id_seq', 1, true);
SELECT pg_catalog.setval('public.auth_group_permissions_id_seq', 2, true);
SELECT pg_catalog.setval('public.auth_permission_id_seq', 100, true);
SELECT pg_catalog.setval('public.auth_user_groups_id_seq', 1, true);
SELECT pg_catalog.setval('public.auth_user_id_seq', 1, true);
SELECT pg_catalog.setval('public.auth_user_user_permissions_id_seq', 1, true);
SELECT pg_catalog.setval('public.axes_accessattempt_id_seq', 1, true);
SELECT pg_catalog.setval('public.axes_accessfailurelog_id_seq', 1, true);
SELECT pg_catalog.setval('public.axes_accesslog_id_seq', 1, true);
SELECT pg_catalog.setval('public.dashboard_browser_id_seq', 2, true);
SELECT pg_catalog.setval('public.django_admin_log_id_seq', 1, true);
SELECT pg_catalog.setval('public.django_celery_beat_clockedschedule_id_seq', 1, true);
SELECT pg_catalog.setval('public.django_celery_beat_crontabschedule_id_seq', 1, true);
SELECT pg_catalog.setval('public.django_celery_beat_intervalschedule_id_seq', 1, true);
SELECT pg_catalog.setval('public.django_celery_beat_periodictask_id_seq', 1, true);
SELECT pg_catalog.setval('public.django_celery_beat_solarschedule_id_seq', 1, true);
SELECT pg_catalog.setval('public.django_content_type_id_seq', 25, true);
SELECT pg_catalog.setval('public.django_migrations_id_seq', 66, true);
ALTER TABLE ONLY public.analytics_dirtyrange
    ADD CONSTRAINT analytics_dirtyrange_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.analytics_heartbeat
    ADD CONSTRAINT analytics_heartbeat_pkey PRIMARY KEY (job);
ALTER TABLE ONLY public.analytics_pointerpositionevent
    ADD CONSTRAINT analytics_pointerpositionevent_pkey PRIMARY KEY (browser_id, "time", seq);
ALTER TABLE ONLY public.analytics_seal
    ADD CONSTRAINT analytics_seal_pkey PRIMARY KEY (level);
ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_name_key UNIQUE (name);
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_permission_id_0cd325b0_uniq UNIQUE (group_id, permission_id);
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_codename_01ab375a_uniq UNIQUE (content_type_id, codename);
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_user_id_group_id_94350c0c_uniq UNIQUE (user_id, group_id);
ALTER TABLE ONLY public.auth_user
    ADD CONSTRAINT auth_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_user_id_permission_id_14a6b632_uniq UNIQUE (user_id, permission_id);
ALTER TABLE ONLY public.auth_user
    ADD CONSTRAINT auth_user_username_key UNIQUE (username);
ALTER TABLE ONLY public.axes_accessattempt
    ADD CONSTRAINT axes_accessattempt_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.axes_accessattempt
    ADD CONSTRAINT axes_accessattempt_username_ip_address_user_agent_8ea22282_uniq UNIQUE (username, ip_address, user_agent);
ALTER TABLE ONLY public.axes_accessattemptexpiration
    ADD CONSTRAINT axes_accessattemptexpiration_pkey PRIMARY KEY (access_attempt_id);
ALTER TABLE ONLY public.axes_accessfailurelog
    ADD CONSTRAINT axes_accessfailurelog_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.axes_accesslog
    ADD CONSTRAINT axes_accesslog_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.dashboard_browser
    ADD CONSTRAINT dashboard_browser_instance_id_key UNIQUE (instance_id);
ALTER TABLE ONLY public.dashboard_browser
    ADD CONSTRAINT dashboard_browser_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.dashboard_coarsestatus
    ADD CONSTRAINT dashboard_coarsestatus_pkey PRIMARY KEY (browser_id, interval_ms, "time");
ALTER TABLE ONLY public.dashboard_pointerstatus
    ADD CONSTRAINT dashboard_pointerstatus_pkey PRIMARY KEY (browser_id, interval_ms, "time");
ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_celery_beat_clockedschedule
    ADD CONSTRAINT django_celery_beat_clockedschedule_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_celery_beat_crontabschedule
    ADD CONSTRAINT django_celery_beat_crontabschedule_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_celery_beat_intervalschedule
    ADD CONSTRAINT django_celery_beat_intervalschedule_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_celery_beat_periodictask
    ADD CONSTRAINT django_celery_beat_periodictask_name_key UNIQUE (name);
ALTER TABLE ONLY public.django_celery_beat_periodictask
    ADD CONSTRAINT django_celery_beat_periodictask_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_celery_beat_periodictasks
    ADD CONSTRAINT django_celery_beat_periodictasks_pkey PRIMARY KEY (ident);
ALTER TABLE ONLY public.django_celery_beat_solarschedule
    ADD CONSTRAINT django_celery_beat_solar_event_latitude_longitude_ba64999a_uniq UNIQUE (event, latitude, longitude);
ALTER TABLE ONLY public.django_celery_beat_solarschedule
    ADD CONSTRAINT django_celery_beat_solarschedule_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_app_label_model_76bd3d3b_uniq UNIQUE (app_label, model);
ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_migrations
    ADD CONSTRAINT django_migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_session
    ADD CONSTRAINT django_session_pkey PRIMARY KEY (session_key);
CREATE INDEX analytics_heartbeat_job_f8a0e4fb_like ON public.analytics_heartbeat USING btree (job varchar_pattern_ops);
CREATE INDEX auth_group_name_a6ea08ec_like ON public.auth_group USING btree (name varchar_pattern_ops);
CREATE INDEX auth_group_permissions_group_id_b120cbf9 ON public.auth_group_permissions USING btree (group_id);
CREATE INDEX auth_group_permissions_permission_id_84c5c92e ON public.auth_group_permissions USING btree (permission_id);
CREATE INDEX auth_permission_content_type_id_2f476e4b ON public.auth_permission USING btree (content_type_id);
CREATE INDEX auth_user_groups_group_id_97559544 ON public.auth_user_groups USING btree (group_id);
CREATE INDEX auth_user_groups_user_id_6a12ed8b ON public.auth_user_groups USING btree (user_id);
CREATE INDEX auth_user_user_permissions_permission_id_1fbb5f2c ON public.auth_user_user_permissions USING btree (permission_id);
CREATE INDEX auth_user_user_permissions_user_id_a95ead1b ON public.auth_user_user_permissions USING btree (user_id);
CREATE INDEX auth_user_username_6821ab7c_like ON public.auth_user USING btree (username varchar_pattern_ops);
CREATE INDEX axes_accessattempt_ip_address_10922d9c ON public.axes_accessattempt USING btree (ip_address);
CREATE INDEX axes_accessattempt_user_agent_ad89678b ON public.axes_accessattempt USING btree (user_agent);
CREATE INDEX axes_accessattempt_user_agent_ad89678b_like ON public.axes_accessattempt USING btree (user_agent varchar_pattern_ops);
CREATE INDEX axes_accessattempt_username_3f2d4ca0 ON public.axes_accessattempt USING btree (username);
CREATE INDEX axes_accessattempt_username_3f2d4ca0_like ON public.axes_accessattempt USING btree (username varchar_pattern_ops);
CREATE INDEX axes_accessfailurelog_ip_address_2e9f5a7f ON public.axes_accessfailurelog USING btree (ip_address);
CREATE INDEX axes_accessfailurelog_user_agent_ea145dda ON public.axes_accessfailurelog USING btree (user_agent);
CREATE INDEX axes_accessfailurelog_user_agent_ea145dda_like ON public.axes_accessfailurelog USING btree (user_agent varchar_pattern_ops);
CREATE INDEX axes_accessfailurelog_username_a8b7e8a4 ON public.axes_accessfailurelog USING btree (username);
CREATE INDEX axes_accessfailurelog_username_a8b7e8a4_like ON public.axes_accessfailurelog USING btree (username varchar_pattern_ops);
CREATE INDEX axes_accesslog_ip_address_86b417e5 ON public.axes_accesslog USING btree (ip_address);
CREATE INDEX axes_accesslog_user_agent_0e659004 ON public.axes_accesslog USING btree (user_agent);
CREATE INDEX axes_accesslog_user_agent_0e659004_like ON public.axes_accesslog USING btree (user_agent varchar_pattern_ops);
CREATE INDEX axes_accesslog_username_df93064b ON public.axes_accesslog USING btree (username);
CREATE INDEX axes_accesslog_username_df93064b_like ON public.axes_accesslog USING btree (username varchar_pattern_ops);
CREATE INDEX django_admin_log_content_type_id_c4bce8eb ON public.django_admin_log USING btree (content_type_id);
CREATE INDEX django_admin_log_user_id_c564eba6 ON public.django_admin_log USING btree (user_id);
CREATE INDEX django_celery_beat_periodictask_clocked_id_47a69f82 ON public.django_celery_beat_periodictask USING btree (clocked_id);
CREATE INDEX django_celery_beat_periodictask_crontab_id_d3cba168 ON public.django_celery_beat_periodictask USING btree (crontab_id);
CREATE INDEX django_celery_beat_periodictask_interval_id_a8ca27da ON public.django_celery_beat_periodictask USING btree (interval_id);
CREATE INDEX django_celery_beat_periodictask_name_265a36b7_like ON public.django_celery_beat_periodictask USING btree (name varchar_pattern_ops);
CREATE INDEX django_celery_beat_periodictask_solar_id_a87ce72c ON public.django_celery_beat_periodictask USING btree (solar_id);
CREATE INDEX django_session_expire_date_a5c62663 ON public.django_session USING btree (expire_date);
CREATE INDEX django_session_session_key_c0390e0f_like ON public.django_session USING btree (session_key varchar_pattern_ops);
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissio_permission_id_84c5c92e_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_b120cbf9_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_2f476e4b_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_group_id_97559544_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_user_id_6a12ed8b_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permi_permission_id_1fbb5f2c_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_user_id_a95ead1b_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.axes_accessattemptexpiration
    ADD CONSTRAINT axes_accessattemptex_access_attempt_id_6b73a47a_fk_axes_acce FOREIGN KEY (access_attempt_id) REFERENCES public.axes_accessattempt(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_content_type_id_c4bce8eb_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_user_id_c564eba6_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.django_celery_beat_periodictask
    ADD CONSTRAINT django_celery_beat_p_clocked_id_47a69f82_fk_django_ce FOREIGN KEY (clocked_id) REFERENCES public.django_celery_beat_clockedschedule(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.django_celery_beat_periodictask
    ADD CONSTRAINT django_celery_beat_p_crontab_id_d3cba168_fk_django_ce FOREIGN KEY (crontab_id) REFERENCES public.django_celery_beat_crontabschedule(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.django_celery_beat_periodictask
    ADD CONSTRAINT django_celery_beat_p_interval_id_a8ca27da_fk_django_ce FOREIGN KEY (interval_id) REFERENCES public.django_celery_beat_intervalschedule(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.django_celery_beat_periodictask
    ADD CONSTRAINT django_celery_beat_p_solar_id_a87ce72c_fk_django_ce FOREIGN KEY (solar_id) REFERENCES public.django_celery_beat_solarschedule(id) DEFERRABLE INITIALLY DEFERRED;
SELECT public.create_hypertable('public.analytics_pointerpositionevent', 'time', chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);
INSERT INTO public.analytics_pointerpositionevent ("time", browser_id, x, y, seq, enter) VALUES
	('2026-11-22 11:50:00+00', '1', '0', '0', '0', 'true'),
	('2026-11-22 11:50:00.25+00', '1', '3', '1', '1', 'false'),
	('2026-11-22 11:50:00.5+00', '1', '6', '2', '2', 'false'),
	('2026-11-22 11:50:00.75+00', '1', '9', '3', '3', 'false'),
	('2026-11-22 11:50:01+00', '1', '12', '4', '4', 'false'),
	('2026-11-22 11:50:01.25+00', '1', '15', '5', '5', 'false'),
	('2026-11-22 11:50:01.5+00', '1', '18', '6', '6', 'false'),
	('2026-11-22 11:50:01.75+00', '1', '21', '7', '7', 'false'),
	('2026-11-23 11:50:00+00', '1', '0', '40', '0', 'false'),
	('2026-11-23 11:50:00+00', '2', '0', '0', '0', 'false'),
	('2026-11-23 11:50:00.1+00', '1', '2.5', '40', '1', 'false'),
	('2026-11-23 11:50:00.2+00', '1', '5', '40', '2', 'false'),
	('2026-11-23 11:50:00.3+00', '1', '7.5', '40', '3', 'false'),
	('2026-11-23 11:50:00.4+00', '1', '10', '40', '4', 'false'),
	('2026-11-23 11:50:00.5+00', '1', '12.5', '40', '5', 'false'),
	('2026-11-23 11:50:00.5+00', '2', '-1', '1', '1', 'false'),
	('2026-11-23 11:50:00.6+00', '1', '15', '40', '6', 'false'),
	('2026-11-23 11:50:00.7+00', '1', '17.5', '40', '7', 'false'),
	('2026-11-23 11:50:00.8+00', '1', '20', '40', '8', 'false'),
	('2026-11-23 11:50:00.9+00', '1', '22.5', '40', '9', 'false'),
	('2026-11-23 11:50:01+00', '1', '25', '40', '10', 'false'),
	('2026-11-23 11:50:01+00', '2', '-2', '4', '2', 'false'),
	('2026-11-23 11:50:01.1+00', '1', '27.5', '40', '11', 'false'),
	('2026-11-23 11:50:01.2+00', '1', '30', '40', '12', 'false'),
	('2026-11-23 11:50:01.3+00', '1', '32.5', '40', '13', 'false'),
	('2026-11-23 11:50:01.4+00', '1', '35', '40', '14', 'false'),
	('2026-11-23 11:50:01.5+00', '1', '37.5', '40', '15', 'false'),
	('2026-11-23 11:50:01.5+00', '2', '-3', '9', '3', 'false'),
	('2026-11-23 11:50:01.6+00', '1', '40', '40', '16', 'false'),
	('2026-11-23 11:50:01.7+00', '1', '42.5', '40', '17', 'false'),
	('2026-11-23 11:50:01.8+00', '1', '45', '40', '18', 'false'),
	('2026-11-23 11:50:01.9+00', '1', '47.5', '40', '19', 'false'),
	('2026-11-23 11:50:02+00', '1', '50', '40', '20', 'false'),
	('2026-11-23 11:50:02+00', '2', '-4', '16', '4', 'false'),
	('2026-11-23 11:50:02.1+00', '1', '52.5', '40', '21', 'false'),
	('2026-11-23 11:50:02.2+00', '1', '55', '40', '22', 'false'),
	('2026-11-23 11:50:02.3+00', '1', '57.5', '40', '23', 'false'),
	('2026-11-23 11:50:02.4+00', '1', '60', '40', '24', 'false'),
	('2026-11-23 11:50:02.5+00', '1', '62.5', '40', '25', 'false'),
	('2026-11-23 11:50:02.5+00', '2', '-5', '25', '5', 'false'),
	('2026-11-23 11:50:02.6+00', '1', '65', '40', '26', 'false'),
	('2026-11-23 11:50:02.7+00', '1', '67.5', '40', '27', 'false'),
	('2026-11-23 11:50:02.8+00', '1', '70', '40', '28', 'false'),
	('2026-11-23 11:50:02.9+00', '1', '72.5', '40', '29', 'false'),
	('2026-11-23 11:50:05+00', '1', '0', '41', '0', 'false'),
	('2026-11-23 11:50:05.1+00', '1', '1', '41', '1', 'false'),
	('2026-11-23 11:50:05.2+00', '1', '2', '41', '2', 'false'),
	('2026-11-23 11:50:05.3+00', '1', '3', '41', '3', 'false');
SELECT public.create_hypertable('public.dashboard_pointerstatus', 'time', chunk_time_interval => INTERVAL '7 days', create_default_indexes => false);
INSERT INTO public.dashboard_pointerstatus ("time", browser_id, traversed_distance, avg_velocity, peak_velocity, moving_time, interval_ms, events, start_x, start_y, end_x, end_y) VALUES
	('2026-11-22 11:50:00+00', '1', '9.486832980505138', '9.486832980505138', '31.622776601683793', '0.75', '1000', '4', '0', '0', '9', '3'),
	('2026-11-22 11:50:01+00', '1', '12.649110640673518', '12.649110640673518', '31.622776601683793', '1', '1000', '4', '12', '4', '21', '7'),
	('2026-11-23 11:50:00+00', '1', '61.61521443121589', '61.61521443121589', '391.1521443121589', '1.15', '1000', '10', '0', '40', '22.5', '40'),
	('2026-11-23 11:50:00+00', '2', '1.4142135623730951', '1.4142135623730951', '14.142135623730951', '0.25', '1000', '2', '0', '0', '-1', '1'),
	('2026-11-23 11:50:01+00', '1', '25', '25', '25', '0.9999999999999999', '1000', '10', '25', '40', '47.5', '40'),
	('2026-11-23 11:50:01+00', '2', '8.261297173761164', '8.261297173761164', '50.99019513592784', '0.5', '1000', '2', '-2', '4', '-3', '9'),
	('2026-11-23 11:50:02+00', '1', '25', '25', '25', '0.9999999999999999', '1000', '10', '50', '40', '72.5', '40'),
	('2026-11-23 11:50:02+00', '2', '16.126452950002893', '16.126452950002893', '90.55385138137417', '0.5', '1000', '2', '-4', '16', '-5', '25');
SELECT public.create_hypertable('public.dashboard_coarsestatus', 'time', chunk_time_interval => INTERVAL '28 days', create_default_indexes => false);
INSERT INTO public.dashboard_coarsestatus (traversed_distance, avg_velocity, peak_velocity, moving_time, interval_ms, events, start_x, start_y, end_x, end_y, "time", browser_id) VALUES
	('111.61521443121589', '0.031004226230893304', '391.1521443121589', '3.15', '3600000', '30', '0', '40', '72.5', '40', '2026-11-23 11:00:00+00', '1'),
	('111.61521443121589', '1.8602535738535981', '391.1521443121589', '3.15', '60000', '30', '0', '40', '72.5', '40', '2026-11-23 11:50:00+00', '1'),
	('111.61521443121589', '11.16152144312159', '391.1521443121589', '3.15', '10000', '30', '0', '40', '72.5', '40', '2026-11-23 11:50:00+00', '1'),
	('22.135943621178654', '0.0061488732281051815', '31.622776601683793', '1.75', '3600000', '8', '0', '0', '21', '7', '2026-11-22 11:00:00+00', '1'),
	('22.135943621178654', '0.3689323936863109', '31.622776601683793', '1.75', '60000', '8', '0', '0', '21', '7', '2026-11-22 11:50:00+00', '1'),
	('22.135943621178654', '2.2135943621178655', '31.622776601683793', '1.75', '10000', '8', '0', '0', '21', '7', '2026-11-22 11:50:00+00', '1'),
	('25.801963686137153', '0.007167212135038098', '90.55385138137417', '1.25', '3600000', '6', '0', '0', '-5', '25', '2026-11-23 11:00:00+00', '2'),
	('25.801963686137153', '0.4300327281022859', '90.55385138137417', '1.25', '60000', '6', '0', '0', '-5', '25', '2026-11-23 11:50:00+00', '2'),
	('25.801963686137153', '2.5801963686137155', '90.55385138137417', '1.25', '10000', '6', '0', '0', '-5', '25', '2026-11-23 11:50:00+00', '2');
