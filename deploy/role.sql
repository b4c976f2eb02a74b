-- Creates the service's own role, and makes it the owner of this database. Run it as a superuser:
--   PGOPTIONS='-c pointerscope.role=NAME -c pointerscope.password=PASSWORD' psql -f deploy/role.sql
-- Without a password the role keeps its own. Running it again transfers new objects.
--
-- The role is an ordinary one: it owns the tables, and may neither create databases nor read or run
-- anything outside PostgreSQL. The superuser keeps the extension. Chunks follow their hypertable.
-- No other login may create temporary tables or large objects, which fill the disk. Locks: each
-- table that changes its owner, exclusively, until the end of the transaction.
create extension if not exists timescaledb;
revoke create on schema public from public;
revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea),
    lo_put(oid, bigint, bytea), lowrite(integer, bytea), lo_truncate(integer, integer),
    lo_truncate64(integer, bigint) from public;
do $role$
declare
    service name := current_setting('pointerscope.role');
    change text;
begin
    if not exists (select from pg_roles where rolname = service) then
        execute format('create role %I', service);
    end if;
    execute format(
        'alter role %I login nosuperuser nocreatedb noreplication nobypassrls', service
    );
    if current_setting('pointerscope.password', true) <> '' then
        execute format('alter role %I password %L', service,
                       current_setting('pointerscope.password'));
    end if;
    execute format('alter database %I owner to %I', current_database(), service);
    execute format('revoke temporary on database %I from public', current_database());
    execute format('grant usage, create on schema public to %I', service);
    for change in
        select format('alter %s %s owner to %I', case relkind
            when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
            else 'table' end, c.oid::regclass, service)
        from pg_class c
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')
            and relowner <> (select oid from pg_roles where rolname = service)
            -- Except the extension's relations, and sequences, which follow their table.
            and not exists (select from pg_depend where classid = 'pg_class'::regclass
                                and objid = c.oid and deptype in ('e', 'a', 'i'))
        union all
        select format('alter routine %s owner to %I', p.oid::regprocedure, service)
        from pg_proc p
        where pronamespace = 'public'::regnamespace
            and proowner <> (select oid from pg_roles where rolname = service)
            and not exists (select from pg_depend where classid = 'pg_proc'::regclass
                                and objid = p.oid and deptype = 'e')
    loop
        execute change;
    end loop;
end $role$;
