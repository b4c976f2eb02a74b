-- Makes pages that are not known yet, up to `most` over all sites, and the page `(other)` of no site,
-- which all further ones are counted as. So no sender can grow the table without end.
--
-- Nearly every page is known, so this is rarely called, and planned only then. Once there are `most`
-- pages it takes no lock.
--
-- Locks: the row of `(other)`, until the transaction ends, so that two sessions cannot both see room
-- for a last page. Scenes refer to pages without locking that row. Snapshots: each statement has its
-- own, so that the count sees what another session made before us.
create or replace function analytics_make_pages(sites text[], names text[], most int)
returns void language plpgsql as $$
declare
    made bigint;
begin
    if not exists (select from dashboard_page where site = '' and name = '(other)') then
        insert into dashboard_page (site, name) values ('', '(other)') on conflict do nothing;
    end if;
    select count(*) - 1 into made from dashboard_page;
    if made >= most then
        return;
    end if;
    perform from dashboard_page where site = '' and name = '(other)' for no key update;
    select count(*) - 1 into made from dashboard_page;
    insert into dashboard_page (site, name)
    select n.site, n.name from unnest(sites, names) as n (site, name)
    where not exists (select from dashboard_page p where p.site = n.site and p.name = n.name)
    order by n.site, n.name limit greatest(most - made, 0);
end
$$;
