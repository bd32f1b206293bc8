SELECT place, id, body FROM past
WHERE kind = :kind AND id = :id AND place >= (:seq + 1) << 20
ORDER BY place LIMIT 1
