-- The versions that were there at :at, of those that readers may see (:seq). Ordered by id.
SELECT id, seq, at, body FROM document
WHERE kind = :kind AND at <= :at AND seq <= :seq AND (:id IS NULL OR id = :id)
UNION ALL
SELECT id, seq, at, body FROM past
WHERE kind = :kind AND at <= :at AND seq <= :seq AND (until_at > :at OR until_seq > :seq) AND (:id IS NULL OR id = :id)
ORDER BY id
