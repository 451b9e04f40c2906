"""The contracts between the rooms: Arrow schemas, frozen types and plugin Protocols."""
