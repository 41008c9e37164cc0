-- Delays every request by a second. For tests only.
core.register_action('wait_a_second', { 'http-req' }, function () core.msleep(1000) end)
