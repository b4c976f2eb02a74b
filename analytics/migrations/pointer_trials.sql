-- pointer_trials as 0021_aims made it. The present one is in trial_quality_view.sql.
--
-- Trials with their measures. New columns come last: `create or replace` keeps what was granted.
create or replace view pointer_trials as
select trial.id as trial_id, browser.instance_id, browser.label, trial.study, trial.trial, trial.block,
       trial.condition, trial.response, trial.correct, trial.state, trial.started_at, trial.ended_at,
       trial.start_target, trial.targets, trial.samples, trial.rt, trial.mad, trial.mad_time,
       trial.md_above, trial.md_below, trial.ad, trial.auc, trial.x_flips, trial.y_flips,
       trial.x_reversals, trial.y_reversals, trial.initiation_time, trial.idle_time, trial.hovers,
       trial.hover_time, trial.total_distance, trial.velocity_max, trial.velocity_max_time,
       trial.acceleration_max, trial.sample_entropy,
       trial.target_distance, trial.overshoot, trial.overshoot_aside, trial.target_reentries,
       trial.axis_crossings, trial.direction_changes, trial.orthogonal_changes,
       trial.movement_variability, trial.movement_error, trial.movement_offset
from analytics_trial trial join dashboard_browser browser on browser.id = trial.browser_id;

comment on column pointer_trials.target_distance is 'px: from the centre of one target to that of the other';
comment on column pointer_trials.overshoot is 'px: where it ended, from the target''s centre along the way; negative: before it';
comment on column pointer_trials.overshoot_aside is 'px: the same across the way, positive on the right of travel';
comment on column pointer_trials.target_reentries is 'Count: entries into the target after the first';
comment on column pointer_trials.axis_crossings is 'Count: crossings of the line between the two centres';
comment on column pointer_trials.direction_changes is 'Count: changes of direction across that line';
comment on column pointer_trials.orthogonal_changes is 'Count: changes of direction along that line';
comment on column pointer_trials.movement_variability is 'px: the standard deviation of the distance from that line';
comment on column pointer_trials.movement_error is 'px: the mean distance from that line';
comment on column pointer_trials.movement_offset is 'px: the mean signed distance, positive on the right of travel';
