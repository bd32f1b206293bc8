-- Newest first. Moments rise with seq, so the index on audit.at finds where to begin and to end.
SELECT history.seq, n, kind, id, attribute, change, at, actor, reason, summary, previous, digest
FROM history JOIN audit USING (seq)
WHERE history.seq <= :seq
  AND (:kind IS NULL OR kind = :kind)
  AND (:id IS NULL OR id = :id)
  AND (:since IS NULL OR history.seq >= (SELECT min(seq) FROM audit WHERE at >= :since))
  AND (:until IS NULL OR history.seq <= (SELECT max(seq) FROM audit WHERE at < :until))
ORDER BY history.seq DESC, n DESC
LIMIT :limit
