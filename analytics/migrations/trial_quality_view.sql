-- The present pointer_trials: trials with their measures.
--
-- New columns come last: `create or replace` keeps what was granted.
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
       trial.movement_variability, trial.movement_error, trial.movement_offset,
       trial.sample_rate, trial.longest_gap, trial.same_times, trial.resized
from analytics_trial trial join dashboard_browser browser on browser.id = trial.browser_id;

comment on column pointer_trials.sample_rate is 'Hz: of the median interval between samples';
comment on column pointer_trials.longest_gap is
    's: the longest interval in which it moved 10 px or more; 0 without one';
comment on column pointer_trials.same_times is 'Count: samples with the time of the sample before';
comment on column pointer_trials.resized is
    'Whether the viewport changed its size within the trial; null if no size is known';
