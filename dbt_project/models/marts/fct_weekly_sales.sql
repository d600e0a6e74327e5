{{ sales_series('week', 'week_start_on', first_whole_on='min(orders.order_on)') }}
