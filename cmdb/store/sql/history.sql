-- Newest first. A kind that there is not was flipped into that, and may have been this one.
SELECT history.seq, n, kind, class, id, attribute, change, at, actor, reason, summary, previous, digest
FROM history JOIN audit USING (seq)
WHERE history.seq BETWEEN :first AND :last
  AND (:kind IS NULL OR kind = :kind OR kind NOT IN (SELECT value FROM json_each(:kinds)))
ORDER BY history.seq DESC, n DESC
LIMIT :limit
