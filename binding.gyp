{
  'targets': [{
    'target_name': 'fctorture',
    'sources': ["<!@(node -p \"require('fs').readdirSync('addon/src').filter((name) => name.endsWith('.cc')).sort().map((name) => 'addon/src/' + name).join(' ')\")"],
    'include_dirs': ['addon/src', 'kmod', "<!(node -p \"require('node-addon-api').include_dir\")"],
    'defines': [
      'NAPI_VERSION=8',
      'NODE_ADDON_API_CPP_EXCEPTIONS',
      'NODE_ADDON_API_DISABLE_DEPRECATED',
      # A worker that is being terminated cannot take an exception, and must not abort the process for it.
      'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
    ],
    'cflags': ['-Wall', '-Wextra', '-Werror', '-fvisibility=hidden'],
    # Node's own settings keep a frame pointer; the loop of life_walk.cc has no register to spare for it. Which of its
    # ways it takes next is as good as random, and a jump by table that was foreseen wrongly costs more than comparisons.
    'cflags_cc': ['-std=c++17', '-fexceptions', '-frtti', '-fomit-frame-pointer', '-fno-jump-tables'],
    'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17'],
    # nodelete: a thread that hangs in the kernel outlives the worker that loaded us, and so must its code.
    # exclude-libs: node exports a zlib of its own, which must not take the place of the one linked here.
    'ldflags': ['-Wl,-z,nodelete', '-Wl,--as-needed', '-Wl,--exclude-libs,ALL'],
    # The guests' root file system has neither library.
    'libraries': ['-l:libzstd.a', '-l:libz.a'],
  }],
}
