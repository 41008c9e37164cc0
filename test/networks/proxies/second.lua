-- Makes haproxy take a second for every request. Only the tests use it.
core.register_action('wait_a_second', { 'http-req' }, function () core.msleep(1000) end)
