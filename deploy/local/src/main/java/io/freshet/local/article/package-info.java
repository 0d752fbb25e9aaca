/** The training program of PyTorch's tutorials, as a stream: its settings, jobs and reports. */
@NullMarked
package io.freshet.local.article;

import org.jspecify.annotations.NullMarked;
