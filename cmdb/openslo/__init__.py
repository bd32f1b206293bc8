"""OpenSLO v1 in and out: YAML documents ⇄ services and agreements. https://github.com/OpenSLO/OpenSLO

Availability by time is what OpenSLO calls RatioTimeslices; Timeslices are kept as slices. What the record cannot
measure (counts of events, thresholds of metrics) is read, and refused as an agreement with the field named.
"""
