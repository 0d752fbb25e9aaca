package io.freshet.model;

import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestEngine.class)
class MixtureOnCudaTest extends MixtureTest {}
