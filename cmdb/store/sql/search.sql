-- Best match first. Of :match every phrase must be there; of :likes (a JSON array of patterns) every pattern.
SELECT document.id
FROM fulltext JOIN document ON number = fulltext.rowid
WHERE fulltext MATCH :match
  AND (:kind IS NULL OR document.kind = :kind)
  AND NOT EXISTS (SELECT 1 FROM json_each(:likes) WHERE fulltext.words NOT LIKE value ESCAPE '\')
ORDER BY rank, document.id
LIMIT :limit
