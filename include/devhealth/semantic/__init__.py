"""The semantic database: organisations, repositories, configurations, watermarks, dirty ranges."""
